// The page from its top: what is open, figures and range, gains, income, holdings, accounts, values, problems.

const year = data.year, figures = data.figures, currency = year.currency;
const TOP = 12;  // bars of a chart; the table has all

function fill(id, ...parts) {
  const shown = parts.flat().filter(Boolean);
  byId(id).append(...shown);
  byId(id).hidden = !shown.length;
}

function notice() {
  const { errors, warnings } = figures;
  const told = [errors && count(errors, "problem"), warnings && count(warnings, "note")].filter(Boolean).join(" and ");
  const lines = errors
    ? [`${told} open: these figures may change until they are settled.`, rangeWords(), "What to do about each stands under Open problems; `taxsync review` asks the questions as a workbook."]
    : warnings ? [`No open error; ${told} to look at before you file.`, rangeWords()] : ["No open problems."];
  const kind = errors ? "error" : warnings ? "warning" : "none";
  return h("div", { class: `notice ${kind}`, role: "status" }, lines.filter(Boolean).map((line, at) => h("p", {}, at ? spoken(line) : h("strong", {}, line))));
}

function rangeWords() {
  const { lowest, highest } = data.range;
  if (!year.gains || (lowest !== null && lowest === highest)) return "";
  if (lowest === null && highest === null) return "By how much the gain may be off can't be told while they are open.";
  if (lowest === null) return `The gain could be as high as ${money(highest)} ${currency} while they are open; how low can't be told.`;
  if (highest === null) return `The gain could be as low as ${money(lowest)} ${currency} while they are open; how high can't be told.`;
  return `The gain could be as low as ${money(lowest)} and as high as ${money(highest)} ${currency} while they are open.`;
}

function card(name, text, { more = "", first = false, plain = false } = {}) {
  return h("div", { class: first ? "card first" : "card" }, h("p", { class: "name" }, name),
    h("p", { class: `value ${plain ? "" : sign(text)} ${size(money(text))}`, title: text && exact(text) }, money(text)), more && h("p", { class: "more" }, more), first && rangeBar());
}

const size = (text) => (text.length > 14 ? "longer" : text.length > 10 ? "long" : "");

/** The least and the most that the gain may be, with where it stands. */
function rangeBar() {
  const { lowest, highest } = data.range;
  if (!year.gains || lowest === highest) return null;
  if (lowest === null || highest === null) return h("p", { class: "more" }, rangeWords());
  const low = drawn(lowest), high = drawn(highest);
  const mark = h("i", { class: "mark" });
  mark.style.left = `${Math.min(100, Math.max(0, ((drawn(figures.gain) - low) / (high - low)) * 100))}%`;
  return h("div", {}, h("div", { class: "bar", role: "img", "aria-label": rangeWords() }, h("i", { class: "rail" }), mark),
    h("div", { class: "ends" }, h("span", {}, `lowest ${money(lowest)}`), h("span", {}, `highest ${money(highest)}`)));
}

function cards() {
  const shown = [];
  if (year.gains) {
    shown.push(card(`Gain (${currency})`, figures.gain, { first: true, more: `gains ${money(figures.gains)}, losses ${money(figures.losses)}; ${count(figures.disposals, "disposal")}${figures.unpriced_disposals ? `, ${figures.unpriced_disposals} without a price are left out` : ""}` }));
    if (year.terms) shown.push(card("Short term", figures.short_term_gain), card("Long term", figures.long_term_gain));
    shown.push(card("Proceeds", figures.proceeds, { plain: true }), card("Cost basis", figures.cost_basis, { plain: true }));
  }
  if (data.income.length) shown.push(card("Income", figures.income_total, { plain: true, more: figures.unpriced_income ? `${figures.unpriced_income} without a price are left out` : `${count(data.income.length, "kind")}` }));
  if (sign(figures.denied_losses)) shown.push(card("Losses that do not count", figures.denied_losses, { plain: true, more: "in no other figure" }));
  if (figures.derivatives.result) shown.push(card("Margin and derivatives", figures.derivatives.result));
  if (data.holdings.length) {
    const held = sums(data.holdings);
    shown.push(card("Cost of what is held", held[0], { plain: true, more: heldOn() }));
    const missing = held[1] === null && `without ${count(figures.unpriced_holdings, "lot")} of no known price`;
    const [paid, worth] = priced();
    shown.push(card("Value of what is held", worth, { plain: true, more: missing || heldOn() }), card("Unrealised gain", worth && minus(worth, paid), { more: missing }));
  }
  return h("div", { class: "cards" }, shown);
}

const heldOn = () => (year.held_first ? `at the beginning of ${day(year.first)}` : `at the end of ${day(year.last)}`);
const plus = (a, b) => minus(a, b.startsWith("-") ? b.slice(1) : `-${b}`);

/** Cost and value of all holdings; the value null where one is not known. */
function sums(rows) {
  return [rows.reduce((all, row) => plus(all, row[2]), "0"), rows.reduce((all, row) => (all === null || row[3] === null ? null : plus(all, row[3])), "0")];
}

/** Cost and value of those holdings of which the value is known; null where there is none. */
function priced() {
  const known = data.holdings.filter((row) => row[3] !== null);
  return known.length ? sums(known) : [null, null];
}

function gains() {
  if (!year.gains || !data.assets.length) return null;
  const series = (rows) => year.terms ? [["Short term", "c1", rows.map((r) => r[4])], ["Long term", "c2", rows.map((r) => r[5])]]
    : [["Gain", (t) => (sign(t) === "down" ? "bad" : "c1"), rows.map((r) => r[3])]];
  const legend = year.terms ? [["Short term", "c1"], ["Long term", "c2"]] : [];
  const heads = (first) => [first, "Proceeds", "Cost basis", "Gain", ...(year.terms ? ["Short term", "Long term"] : [])];
  const cells = (r, name) => [name, ...r.slice(1, year.terms ? 6 : 4).map((t) => amount(t))];
  const right = [1, 2, 3, 4, 5];
  const most = data.assets.slice(0, TOP), best = [...data.months].sort((a, b) => drawn(b[3]) - drawn(a[3]))[0];
  return h("div", { class: "two" },
    chart({
      title: `By month (${currency})`, label: `Bars of the gain of each month. The highest is ${money(best[3])} in ${monthOf(best[0])}. The table behind has all figures.`, legend,
      make: () => bars(data.months.map((r) => monthOf(r[0])), series(data.months), { stacked: true }),
      behindIt: behind("As a table", () => table("Gain by month", heads("Month"), data.months.map((r) => cells(r, monthOf(r[0]))), right, ["Year", ...yearCells()])),
    }),
    chart({
      title: `By asset (${currency})`, hint: data.assets.length > TOP ? `The ${TOP} largest of ${data.assets.length}; the table has all.` : null, legend,
      label: `Bars of the gain of each asset. The largest is ${most[0][0]} with ${money(most[0][3])}. The table behind has all figures.`,
      height: Math.max(160, most.length * 30 + 40),
      make: () => bars(most.map((r) => r[0]), series(most), { stacked: true, lying: true }),
      behindIt: behind("As a table", () => table("Gain by asset", [...heads("Asset"), "Disposals"], data.assets.map((r) => [...cells(r, r[0]), grouped(String(r[6]))]), [...right, 6])),
    }));
}

function yearCells() {
  return [figures.proceeds, figures.cost_basis, figures.gain, ...(year.terms ? [figures.short_term_gain, figures.long_term_gain] : [])].map((t) => amount(t));
}

function income() {
  if (!data.income.length) return null;
  const known = data.income.filter((r) => r[1] !== null), title = `By kind (${currency})`;
  const all = () => table("Income by kind", ["Kind", "Receipts", "Without a price", "Value"], data.income.map((r) => [words(r[0]), grouped(String(r[2])), r[3] ? grouped(String(r[3])) : "", amount(r[1])]), [1, 2, 3],
    ["Total", "", "", amount(figures.income_total)]);
  if (!known.length) return h("div", { class: "panel" }, h("h3", {}, title), h("p", { class: "hint" }, "No price of any of it is known."), all());
  return chart({
    title, hint: known.length < data.income.length ? "Kinds of which no price is known stand in the table alone." : null,
    label: `Bars of the income of each kind, in all ${money(figures.income_total)}. The table behind has all figures.`,
    height: Math.max(110, known.length * 38 + 40),
    make: () => bars(known.map((r) => words(r[0])), [["Income", "c2", known.map((r) => r[1])]], { lying: true }),
    behindIt: behind("As a table", all),
  });
}

// ---- holdings -------------------------------------------------------------------------------------------------------

function holdings() {
  const parts = [course()];
  if (data.holdings.length) {
    const [cost] = sums(data.holdings), [paidFor, value] = priced();
    const without = data.holdings.filter((row) => row[3] === null).map((row) => row[0]);
    parts.push(h("div", { class: "panel" }, h("h3", {}, `What is held ${heldOn()} (${currency})`),
      without.length > 0 && h("p", { class: "hint" }, `Value and unrealised gain in total are without ${some8(without)}: no price is known.`),
      table("Holdings by asset", ["Asset", "Units", "Cost basis", "Value", "Unrealised gain"],
        data.holdings.map(([asset, of, paid, worth, gain]) => [asset, h("td", { class: "n" }, units(of)), amount(paid), amount(worth), gain === null ? "" : h("td", { class: `n ${sign(gain)}`, title: exact(gain) }, money(gain))]),
        [1, 2, 3, 4], ["Total", "", amount(cost), amount(value), value === null ? "" : amount(minus(value, paidFor))])));
  }
  return parts;
}

const some8 = (names) => (names.length > 8 ? `${names.slice(0, 8).join(", ")} and ${names.length - 8} others` : names.join(", "));

/** What was held at each month's end: the cost of all, asset upon asset; or the units and the cost of one. */
function course() {
  const { ends, assets, others, left_out: leftOut } = data.course;
  if (ends.length < 2 || !assets.length) return null;
  const partly = assets.filter(([, , cost]) => cost.includes(null)).map(([name]) => name);
  const whole = partly.length < assets.length;  // else a stack of costs would have nothing in it
  const before = ends.map((end) => monthOf(new Date(when(end) - DAY).toISOString()));
  const shown = assets.slice(0, 6), rest = assets.slice(6);
  const restCost = ends.map((_, at) => [others[at], ...rest.map((r) => r[2][at])].filter(Boolean).reduce(plus, "0"));
  const layers = [...shown.map(([name, , cost], at) => [name, SERIES[at], cost]), ...(rest.length || others.length ? [["All others", "c7", restCost]] : [])];
  const choose = h("select", { id: "asset", onchange: () => draw(box.querySelector("canvas").of) }, whole && h("option", { value: "" }, "All assets: what they cost"), assets.map(([name], at) => h("option", { value: String(at) }, `${name}: units and cost`)));
  const line = (label, of, texts, more) => ({ label, data: texts.map(drawn), borderColor: colour(of), backgroundColor: `${colour(of)}55`, pointRadius: 0, pointHoverRadius: 4, borderWidth: 2, stepped: "middle", ...more });
  const all = () => ({
    type: "line", data: { labels: before, datasets: layers.map(([name, of, cost], at) => line(name, of, cost, { fill: at ? "-1" : "origin" })) },
    options: options((set, at) => money(layers[set][2][at]), { stacked: true }),
  });
  const one = ([name, of, cost]) => {
    const extra = { right: { position: "right", grid: { display: false }, border: { display: false }, ticks: { color: colour("soft"), callback: short, maxTicksLimit: 7 }, min: 0 } };
    return {
      type: "line", data: { labels: before, datasets: [line(`${name} units`, "c1", of, { fill: true }), line(`Cost (${currency})`, "c3", cost, { yAxisID: "right", borderDash: [6, 4] })] },
      options: options((set, at) => (set ? money(cost[at]) : units(of[at])), { extra }),
    };
  };
  const some = [
    leftOut.length && ` Not told of ${some8(leftOut)}: their lots are not what the records alone lead to.`,
    partly.length && ` What ${some8(partly)} cost before the end is not told${year.portfolio ? ": the cost is one for the whole portfolio" : ": the lots go on from other figures"}.`,
    others.length && ` The ${assets.length} that cost the most can be chosen; the rest stand together.`,
  ].filter(Boolean).join("");
  const box = chart({
    title: "Holdings and their cost over time", hint: `At the end of each month, as lots are kept.${some}`,
    label: `Lines of what the holdings had cost at each month's end, from ${before[0]} to ${before[before.length - 1]}. The table behind has all figures.`,
    legend: whole ? layers.map(([name, of]) => [name, of]) : [], controls: h("label", { class: "hint", for: "asset" }, "Show ", choose), height: 300,
    make: () => (choose.value ? one(assets[Number(choose.value)]) : all()),
    behindIt: behind("As a table", () => table("Units and cost at the end of each month", ["Month", "Asset", "Units", "Cost"],
      before.flatMap((name, at) => [...assets.filter(([, of]) => /[1-9]/.test(of[at])).map(([asset, of, cost]) => [name, asset, units(of[at]), amount(cost[at])]),
        ...(others.length && /[1-9]/.test(others[at]) ? [[name, "The rest", "", amount(others[at])]] : [])]).reverse(), [2, 3]), ends.length * assets.length <= 60),
  });
  return box;
}

function accounts() {
  if (!data.places.length) return null;
  const asked = [...new Set(data.places.filter((p) => p[6]).map((p) => `${p[0]} on ${day(p[6])}`))];
  const note = asked.length ? `Exchanges were asked: ${asked.join(", ")}. What they said is compared with the records up to then.` : "No exchange of these accounts was asked for balances.";
  const costs = data.places.some((p) => p[3] !== null);  // lots of a pool are no account's
  return h("div", { class: "panel" }, h("p", { class: "hint" }, note),
    table(`Units of each account by the records ${heldOn()}, and as the exchange reports them`,
      ["Account", "Asset", "By the records", "The exchange says", "", ...(costs ? [`Cost (${currency})`, `Value (${currency})`] : [])],
      data.places.map(([account, asset, of, cost, value, said, , then, told]) => [
        account, h("td", { class: "t" }, asset), [units(of), then !== null && then !== of && h("small", { class: "under" }, `${units(then)} when asked`)], said === null ? "not asked" : units(said),
        said === null ? "" : compared(told, said, then, asset), ...(costs ? [cost, value].map((text) => (text === null ? "" : amount(text))) : [])]), [2, 3, 5, 6]));
}

/** Whether an exchange says what the records say, and if not, what that is. */
function compared(told, said, then, asset) {
  const by = minus(said, then), size = units(by.replace("-", ""));
  if (told === "equal") return h("span", { class: "tag equal" }, "equal");
  const why = told === "missing" ? `${size} left, and nothing on record brought them: see Open problems`
    : `${size} ${by.startsWith("-") ? "less" : "more"} than by the records`;
  return [h("span", { class: "tag differs" }, told === "missing" ? "acquisition missing" : "differs"), h("small", { class: "under t" }, why)];
}

function values() {
  if (!data.values.length) return null;
  const NAMES = { fiat: "money in the transaction", "net worth": "the row's own Net Worth", "": "not told" };
  const named = (source) => NAMES[source] || source, most = data.values.slice(0, TOP);
  return chart({
    title: "Values by source", hint: "How many values of the year's transactions, fees and holdings are from where. Each single one is in prices.csv, and in the search below.",
    label: `Bars of how many values came from each source. Most, ${most[0][1]}, are from ${named(most[0][0])}. The table behind has all figures.`, height: Math.max(110, most.length * 34 + 40),
    make: () => {
      const made = bars(most.map((r) => named(r[0])), [["Values", "c4", most.map((r) => String(r[1]))]], { lying: true });
      made.options.plugins.tooltip.callbacks.label = (at) => `${count(most[at.dataIndex][1], "value")}, ${money(most[at.dataIndex][2])} ${currency} in all`;
      return made;
    },
    behindIt: behind("As a table", () => table("Values by source", ["Source", "Values", "In all"], data.values.map((r) => [named(r[0]), grouped(String(r[1])), amount(r[2])]), [1, 2])),
  });
}

// ---- problems -------------------------------------------------------------------------------------------------------

const SHOWN = 5;  // of one code at once

function problems() {
  const groups = new Map();
  for (const row of data.problems.rows) groups.set(row[1], [...(groups.get(row[1]) || []), row]);
  if (!groups.size) return h("p", { class: "notice none" }, "None.");
  return [...groups].map(([code, rows]) => {
    const all = data.problems.counts[code], severity = rows[0][0];
    const list = h("ul"), remedy = (text) => text && h("p", { class: "remedy" }, h("b", {}, "What to do: "), spoken(text));
    const same = rows.every((r) => r[6] === rows[0][6]);  // said once, else with each
    const show = (to) => list.replaceChildren(...rows.slice(0, to).map((row) => problem(row, same ? null : remedy(row[6]))));
    show(SHOWN);
    const more = rows.length > SHOWN && h("button", { type: "button", onclick: (e) => { show(rows.length); e.target.remove(); } }, `Show all ${rows.length}`);
    return h("div", { class: `panel problem ${severity}` },
      h("h3", {}, h("span", { class: `tag ${severity}` }, severity === "info" ? "note" : severity), words(code), all > 1 && h("span", { class: "hint" }, `${all}`)),
      list, more, all > rows.length && h("p", { class: "hint" }, `${count(all - rows.length, "more is", "more are")} in issues.csv.`), same && remedy(rows[0][6]));
  });
}

function problem([, , , , date, message, , stake, ref], remedy) {
  const at = date && !message.includes(date) ? `${day(date)}: ` : "";
  const up = stake && /[1-9]/.test(rounded(stake)) ? ` (up to ${money(stake)} ${currency} of tax base)` : "";
  const found = /^[0-9a-f]{16}$/.test(ref) && h("button", { type: "button", class: "tag", onclick: () => look(ref) }, "look it up");
  return h("li", {}, at, spoken(message), up, " ", found, remedy);
}
