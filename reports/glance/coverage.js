// How far the records of each list reach, as a timeline with its gaps.

const DAY = 86400000;
const when = (text) => Date.parse(text.length > 10 ? text : `${text}T00:00:00Z`);

function coverage() {
  const lists = data.coverage;
  if (!lists.length) return null;
  const year = data.year;
  const instants = lists.flatMap((s) => [s.first, s.last, s.asked, s.floor, ...s.holes.flat()]).filter(Boolean).map(when);
  const begin = Math.min(when(year.first), ...instants) - 5 * DAY, end = Math.max(when(year.last) + DAY, ...instants) + 5 * DAY;
  const place = (at) => ((at - begin) / (end - begin)) * 100;
  const piece = (kind, from, to, title) => {
    const made = h("i", { class: kind, title });
    made.style.left = `${place(from)}%`;
    made.style.width = `${Math.max(0, place(to) - place(from))}%`;
    return made;
  };
  const rows = lists.map((s) => {
    const pieces = [piece("year", when(year.first), when(year.last) + DAY, `tax year ${year.name}`)];
    if (s.floor) pieces.push(piece("floor", begin, when(s.floor), `nothing before ${day(s.floor)} was asked for, or given`));
    if (s.first) pieces.push(piece("kept", when(s.first), when(s.last), `records from ${day(s.first)} to ${day(s.last)}`));
    if (s.asked && s.last && when(s.asked) > when(s.last)) pieces.push(piece("quiet", when(s.last), when(s.asked), `asked on ${day(s.asked)}: nothing newer`));
    for (const [from, to] of s.holes) pieces.push(piece("hole", when(from), when(to), `missing: ${day(from)} to ${day(to)}`));
    return h("div", { class: "track" },
      h("div", { class: "what" }, s.account, h("small", {}, `${s.list}, ${count(s.records, "record")}`)),
      h("div", { class: "rail", role: "img", "aria-label": reach(s) }, pieces));
  });
  return h("div", { class: "panel" },
    h("p", { class: "hint" }, "One line a list: what is kept of it, until when it was asked, and what is missing. The tax year is shaded."),
    axis(begin, end, place), rows,
    legendOf([["records", "kept"], ["asked, nothing newer", "quiet"], ["not asked for, or not given any more", "floor"], ["gap", "hole"]]),
    behind("As a table", () => table("How far each list reaches", ["Account", "List", "Records", "From", "To", "Asked", "State"],
      lists.map((s) => [s.account, s.list, grouped(String(s.records)), day(s.first), day(s.last), day(s.asked), state(s)]), [2])));
}

function legendOf(kinds) {
  return h("ul", { class: "legend rail", "aria-hidden": "true" }, kinds.map(([name, kind]) => h("li", {}, h("i", { class: kind }), name)));
}

function state(s) {
  const since = s.floor ? `nothing before ${day(s.floor)}` : "";
  const holes = s.holes.map(([from, to]) => `gap ${day(from)} to ${day(to)}`);
  return [s.state, since, ...holes].filter(Boolean).join("; ");
}

function reach(s) {
  const kept = s.first ? `records from ${day(s.first)} to ${day(s.last)}` : "no records";
  return [`${s.account}, ${s.list}: ${kept}`, s.asked && `asked on ${day(s.asked)}`, state(s)].filter(Boolean).join("; ");
}

/** Years, or months where there are few. */
function axis(begin, end, place) {
  const ticks = [];
  const [from, to] = [new Date(begin), new Date(end)];
  const years = to.getUTCFullYear() - from.getUTCFullYear();
  const step = years >= 12 ? 24 : years >= 2 ? 12 : years ? 4 : 2;
  for (let n = from.getUTCFullYear() * 12; n <= to.getUTCFullYear() * 12 + 11; n += step) {
    const at = Date.UTC(Math.floor(n / 12), n % 12, 1);
    if (place(at) < 3 || place(at) > 97) continue;
    const tick = h("span", {}, step >= 12 ? String(Math.floor(n / 12)) : `${MONTHS[n % 12]} ${Math.floor(n / 12)}`);
    tick.style.left = `${place(at)}%`;
    ticks.push(tick);
  }
  return h("div", { class: "track", "aria-hidden": "true" }, h("div", { class: "axis-gap" }), h("div", { class: "axis" }, ticks));
}
