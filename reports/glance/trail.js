// The trail of a row: form line -> disposals -> what sold and what bought the units -> the records as received.

const AT_ONCE = 10;  // disposals of a line, records of a transaction

function open([kind, at, form], focus = true) {
  const title = h("h3", { tabindex: "-1" });
  const made = kind === "form" ? lineTrail(title, form, at) : kind === "disposals" ? disposalTrail(title, at) : kind === "income" ? incomeTrail(title, at) : transactionTrail(title, at);
  trail.replaceChildren(title, ...made.filter(Boolean));
  if (focus) { title.focus({ preventScroll: true }); title.scrollIntoView({ block: "start" }); }
}

const facts = (pairs) => h("dl", {}, pairs.filter(([, text]) => text !== null && text !== undefined && text !== "").map(([name, text]) => [h("dt", {}, name), h("dd", {}, text)]));
const step = (title, ...parts) => h("div", { class: "step" }, h("h4", {}, title), parts);
const explained = (id) => h("p", { class: "hint" }, "All digits and rules: ", h("code", {}, `taxsync explain ${id}`));

/** Some of `listed` at once, the rest on demand. */
function some(listed, make) {
  const box = h("div"), button = h("button", { type: "button", onclick: () => next() });
  let at = 0;
  const next = () => {
    box.append(...listed.slice(at, at + AT_ONCE).map(make));
    at += AT_ONCE;
    button.hidden = at >= listed.length;
    button.textContent = `Show more: ${listed.length - at} left`;
  };
  next();
  return [box, button];
}

function lineTrail(title, form, at) {
  title.textContent = `${form.title}, ${form.labels[at]}`;
  const sales = form.sales[at] || [];
  return [
    facts(form.columns.map((name, c) => [words(name), form.rows[at][c]])),
    sales.length ? step(`Made of ${count(sales.length, "disposal")}`, some(sales, (number) => disposalStep(number))) : h("p", { class: "hint" }, "A total of the year's rows, or a line of its own."),
  ];
}

function disposalTrail(title, at) {
  const d = disposal(at);
  title.textContent = `${words(d.kind)} of ${units(d.quantity)} ${d.asset} on ${day(d.disposed)}`;
  const line = lineOf.get(at);
  return [line && h("p", { class: "hint" }, "Stands in ", h("button", { type: "button", class: "tag", onclick: () => open(["form", line[1], line[0]]) }, `${line[0].title}, ${line[0].labels[line[1]]}`)), disposalStep(at)];
}

function disposalStep(at) {
  const d = disposal(at);
  const RULES = { missing: "no acquisition is on record: cost 0", pool: "out of the pool", average: "at the average cost" };
  const sum = d.gain === null ? "no price is known, so that there is no figure" : `${exact(d.proceeds)} - ${exact(d.cost)} = ${exact(d.gain)} ${currency}${d.taxed ? "" : " (no gain by law)"}`;
  return step(`${words(d.kind)}: ${units(d.quantity)} ${d.asset}`,
    facts([["Proceeds - cost = gain", sum], ["Disposed of", instant(d.disposed)], ["Acquired", instant(d.acquired)], ["Term", d.term], ["Taken by", RULES[d.rule] || d.rule], ["Account", d.account], ["Disposal", d.id]]),
    explained(d.id),
    d.number === null ? null : step("What disposed of the units", transactionFacts(d.number)),
    d.bought === null ? null : step("What brought them", transactionFacts(d.bought)),
    d.bought === null && d.from ? h("p", { class: "hint" }, `Acquisition ${d.from} is not among the transactions of this page.`) : null);
}

function incomeTrail(title, at) {
  const i = receipt(at);
  title.textContent = `${words(i.kind)}: ${units(i.quantity)} ${i.asset}`;
  return [step("Income", facts([["Value", i.value === null ? "no price is known" : `${exact(i.value)} ${currency}`], ["Kind", i.kind]]), transactionFacts(i.number))];
}

function transactionTrail(title, at) {
  const t = transaction(at);
  title.textContent = `Transaction of ${day(t.when)}: ${moved(t)}`;
  const links = (name, numbers) => numbers && numbers.length ? step(`${name} (${numbers.length})`, some(numbers, (number) => {
    const [tag, text, figure] = line(["disposals", number]);
    return h("ol", { class: "found" }, h("li", {}, h("button", { type: "button", onclick: () => open(["disposals", number]) }, h("span", { class: "tag" }, tag), h("span", {}, text), h("span", { class: "n" }, figure))));
  })) : null;
  return [step("As it counts", transactionFacts(at), explained(t.id)), links("What it disposed of", soldBy.get(at)), links("What was disposed of its units this year", boughtBy.get(at))];
}

function transactionFacts(at) {
  const t = transaction(at);
  const pair = (amount, asset) => (amount ? `${exact(amount)} ${asset}` : "");
  const other = t.other && numberOf.has(t.other) ? h("button", { type: "button", class: "tag", onclick: () => open(["transactions", numberOf.get(t.other)]) }, t.other) : t.other;
  const said = recordsOf.get(at) || [];
  return [
    facts([["At", instant(t.when)], ["Account", t.account], ["Sent", pair(t.sent, t.sentAsset)], ["Received", pair(t.received, t.receivedAsset)], ["Fee", pair(t.fee, t.feeAsset)],
      ["Label", t.label], ["Value", t.value === null ? "" : `${exact(t.value)} ${currency}`], ["The value is from", { fiat: "the money in it", "net worth": "its own Net Worth" }[t.from] || t.from],
      ["Other side", other], ["Description", t.description], ["Hash", t.hash], ["Source", `${t.source}, ${t.sourceId}`], ["Transaction", t.id]]),
    said.length ? some(said, recordStep) : h("p", { class: "hint" }, "Its record is not in this page: ", h("code", {}, `taxsync explain ${t.id}`), " shows it."),
  ];
}

function recordStep(at) {
  const r = record(at);
  return step("The record as it was received", facts([["From", r.origin || `${r.source}, ${r.stream}`], ["Id there", r.id]]),
    r.text === null ? h("p", { class: "hint" }, "Left out to keep this page small; records.jsonl of `taxsync report --pack` has it, and `taxsync explain` shows it.") : h("pre", { tabindex: "0", "aria-label": "Record as it was received" }, spaced(r.text)));
}

/** JSON one member a line, its texts untouched; anything else as it is. */
function spaced(text) {
  const pairs = text.match(/"(?:[^"\\]|\\.)*"|[^"]+/g);
  if (!pairs || !/^[[{]/.test(text)) return text;
  return pairs.map((part) => (part.startsWith('"') ? part : part.replace(/,/g, ",\n ").replace(/^(\s*[[{]+)/, "$1\n ").replace(/([}\]]+\s*)$/, "\n$1"))).join("");
}
