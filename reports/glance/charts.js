// Charts in the colours of the theme, drawn when they come into sight, each with a legend and a table behind it.

const charts = [];  // { canvas, make, chart }
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
const SERIES = ["c1", "c2", "c3", "c4", "c5", "c6", "c7"];

const watching = new IntersectionObserver((seen) => {
  for (const each of seen) if (each.isIntersecting) { watching.unobserve(each.target); draw(each.target.of); }
}, { rootMargin: "300px" });

/** A panel with a chart. `label` says in a sentence what it shows; `legend`: [name, colour]; `make` gives what Chart.js
 *  draws; `behindIt` the table. */
function chart({ title, hint, label, legend = [], make, behindIt, controls = [], height = null }) {
  const canvas = h("canvas", { role: "img", "aria-label": label });
  const one = { canvas, make, chart: null };
  canvas.of = one;
  charts.push(one);
  watching.observe(canvas);
  const area = h("div", { class: "draw" }, canvas);
  if (height) area.style.height = `${height}px`;
  const list = h("ul", { class: "legend", "aria-hidden": "true" });
  one.legend = () => list.replaceChildren(...legend.map(([name, of]) => {
    const square = h("i");
    square.style.background = colour(of);
    return h("li", {}, square, name);
  }));
  one.legend();
  return h("div", { class: "panel" }, h("h3", {}, title), hint && h("p", { class: "hint" }, hint), controls, area, list, behindIt);
}

function draw(one) {
  if (one.chart) one.chart.destroy();
  one.legend();
  one.chart = new Chart(one.canvas, one.make());
}

function redraw() {
  for (const one of charts) if (one.chart) draw(one); else one.legend();
}

const short = (value) => {
  const size = Math.abs(value);
  if (size >= 1e9) return `${+(value / 1e9).toFixed(1)}bn`;
  if (size >= 1e6) return `${+(value / 1e6).toFixed(1)}m`;
  return size >= 1e3 ? `${+(value / 1e3).toFixed(1)}k` : size && size < 1 ? `${+value.toPrecision(2)}` : `${+value.toFixed(2)}`;
};

/** What all charts have in common. `text(dataset, index)`: what stands at a bar or point that is pointed at. */
function options(text, { lying = false, stacked = false, extra = {} } = {}) {
  const values = {
    stacked, beginAtZero: true, grid: { color: (at) => (at.tick && at.tick.value === 0 ? colour("soft") : colour("grid")) }, border: { display: false },
    ticks: { color: colour("soft"), callback: short, maxTicksLimit: 7 },
  };
  const names = {
    stacked, grid: { display: false }, border: { color: colour("line") },
    ticks: { color: colour("soft"), maxRotation: 0, autoSkip: !lying, callback(value) { return clipped(this.getLabelForValue(value), lying && innerWidth > 640 ? 34 : 15); } },
  };
  return {
    animation: false, responsive: true, maintainAspectRatio: false, indexAxis: lying ? "y" : "x",
    font: { family: "system-ui, sans-serif" },
    interaction: { mode: "index", intersect: false, axis: lying ? "y" : "x" },
    plugins: {
      legend: { display: false },
      tooltip: {
        backgroundColor: colour("text"), titleColor: colour("card"), bodyColor: colour("card"), displayColors: false,
        callbacks: { title: ([at]) => clipped(at.label, 60), label: (at) => `${at.dataset.label}: ${text(at.datasetIndex, at.dataIndex)}` },
      },
    },
    scales: { ...(lying ? { x: values, y: names } : { x: names, y: values }), ...extra },
  };
}

function clipped(name, most) {
  const letters = [...visible(name)];
  return letters.length > most ? `${letters.slice(0, most - 1).join("")}…` : letters.join("");
}

/** Bars: `series` are [name, colour, exact texts]. */
function bars(names, series, { lying = false, stacked = false } = {}) {
  return {
    type: "bar",
    data: {
      labels: names,
      datasets: series.map(([label, of, texts]) => ({
        label, data: texts.map(drawn), backgroundColor: typeof of === "function" ? texts.map((t) => colour(of(t))) : colour(of),
        borderRadius: 3, maxBarThickness: 34, minBarLength: 0,
      })),
    },
    options: options((set, at) => money(series[set][2][at]), { lying, stacked }),
  };
}

// ---- light and dark -------------------------------------------------------------------------------------------------

const dark = matchMedia("(prefers-color-scheme: dark)");
const CHOICES = ["system", "light", "dark"];
let theme = "system";
try { theme = localStorage.getItem("taxsync-theme") || theme; } catch { /* where a browser keeps nothing of files */ }
if (!CHOICES.includes(theme)) theme = "system";

function coloured(choice, forPrint = false) {
  document.documentElement.toggleAttribute("data-print", forPrint);
  const is = forPrint ? "light" : choice === "system" ? (dark.matches ? "dark" : "light") : choice;
  document.documentElement.dataset.theme = is;
  byId("theme").textContent = `Colours: ${choice}`;
  byId("theme").hidden = false;
  redraw();
}
coloured(theme);
dark.addEventListener("change", () => coloured(theme));
byId("theme").addEventListener("click", () => {
  theme = CHOICES[(CHOICES.indexOf(theme) + 1) % CHOICES.length];
  try { localStorage.setItem("taxsync-theme", theme); } catch { /* as above */ }
  coloured(theme);
});
addEventListener("beforeprint", () => {
  coloured(theme, true);
  for (const one of charts) if (!one.chart) draw(one);
  for (const each of document.querySelectorAll("details.prints")) { each.fill(); each.wasOpen = each.open; each.open = true; }
});
addEventListener("afterprint", () => {
  for (const each of document.querySelectorAll("details.prints")) each.open = each.wasOpen;
  coloured(theme);
});
