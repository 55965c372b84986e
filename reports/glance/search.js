// The search: a line of a form, an id, a name, a day or an amount in, rows out; each leads to its trail.

const PAGE = 25;
const KINDS = { all: "Everything", disposals: "Disposals", income: "Income", transactions: "Transactions" };
const input = h("input", { type: "search", id: "query", autocomplete: "off", spellcheck: "false", placeholder: "II.3, an id, BTC, 2025-03-31, 1,234.50 ...", oninput: () => later(), onfocus: () => unpacked(() => {}).catch(() => {}) });
const kinds = h("select", { id: "kind", onchange: () => ask() }, Object.entries(KINDS).map(([value, text]) => h("option", { value }, text)));
const told = h("p", { class: "hint", role: "status", "aria-live": "polite" });
const found = h("ol", { class: "found", "aria-label": "Rows that were found" });
const more = h("button", { type: "button", hidden: true, onclick: () => { const before = shown; shown += PAGE; list(); found.children[before]?.querySelector("button").focus(); } }, "Show more");
const trail = h("div", { class: "trail", id: "trail" });
let hits = [], shown = PAGE, timer = 0, asked = 0;

function searching() {
  return h("div", { class: "panel" },
    h("p", { class: "hint" }, "Type the number of a line on paper (II.3 is the third of Part II), an id, an account, an asset, a day or an amount. Several words narrow it down. The key / leads here."),
    h("div", { class: "ask" }, h("label", { for: "query" }, "Search", input), h("label", { for: "kind" }, "Among", kinds)),
    told, found, more, trail);
}

function later() {
  clearTimeout(timer);
  timer = setTimeout(ask, 150);
}

/** Looks for what is typed; without anything typed, for all of a kind that was chosen. */
async function ask() {
  const mine = ++asked;
  const query = input.value.trim();
  if (!query && kinds.value === "all") { hits = []; told.textContent = ""; list(); return; }
  try {
    if (!unpacking) told.textContent = "Unpacking the rows ...";
    await unpacked((n) => { told.textContent = `Unpacking the rows: ${grouped(String(n))} transactions ...`; });
    offerForms();
  } catch (error) {
    told.textContent = error.message;
    return;
  }
  if (mine !== asked) return;
  hits = matches(query, kinds.value);
  shown = PAGE;
  told.textContent = hits.length ? `${count(hits.length, "row")} found.` : "Nothing found. Ids, names and amounts are looked for as they are written in the reports.";
  list();
}

function offerForms() {
  if (kinds.dataset.forms) return;
  kinds.dataset.forms = "yes";
  forms.forEach((form, at) => kinds.append(h("option", { value: `form ${at}` }, form.title)));
}

function list() {
  const some = hits.slice(0, shown);
  for (let at = found.childElementCount; at > some.length; at--) found.lastChild.remove();
  some.forEach((hit, at) => {
    if (found.children[at]?.hit === hit) return;
    const [tag, text, figure] = line(hit);
    const item = h("li", {}, h("button", { type: "button", onclick: () => open(hit) }, h("span", { class: "tag" }, tag), h("span", {}, text), h("span", { class: "n" }, figure)));
    item.hit = hit;
    if (found.children[at]) found.children[at].replaceWith(item); else found.append(item);
  });
  more.hidden = hits.length <= shown;
}

/** Tag, text and figure of a row that was found. */
function line([kind, at, form]) {
  if (kind === "form") {
    const cells = form.columns.map((name, c) => [name, form.rows[at][c]]).filter(([name, text]) => text && !/^(part|box|line|.*_id)$/.test(name));
    return [`${form.title.split(":")[0]} ${form.labels[at]}`, cells.map(([, text]) => text).join(" · "), ""];
  }
  if (kind === "disposals") {
    const d = disposal(at);
    return [words(d.kind), `${units(d.quantity)} ${d.asset}, ${d.account}, ${day(d.disposed)}`, d.gain === null ? "no price" : `gain ${money(d.gain)}`];
  }
  if (kind === "income") {
    const i = receipt(at), t = transaction(i.number);
    return [words(i.kind), `${units(i.quantity)} ${i.asset}, ${t.account}, ${day(t.when)}`, money(i.value)];
  }
  const t = transaction(at);
  return ["Transaction", `${moved(t)}, ${t.account}, ${day(t.when)}`, t.value === null ? "" : money(t.value)];
}

function moved(t) {
  const side = (amount, asset, word) => amount && `${word} ${units(amount)} ${asset}`;
  return [side(t.sent, t.sentAsset, "sent"), side(t.received, t.receivedAsset, "received"), !t.sent && !t.received && side(t.fee, t.feeAsset, "fee")].filter(Boolean).join(", ") || "nothing";
}

// ---- what fits ------------------------------------------------------------------------------------------------------

const hays = new Map();  // table or form -> what each row is searched by, lower case

function hay(key, rows, make) {
  if (!hays.has(key)) hays.set(key, Array.from({ length: rows }, (_, at) => make(at).filter(Boolean).join(" ").toLowerCase()));
  return hays.get(key);
}

/** An amount in all its digits, and to the cent as the page shows it. */
const either = (text) => (text && /\.\d{3}/.test(text) ? `${text} ${rounded(text)}` : text);
const ofTransaction = (at) => { const t = transaction(at); return [...Object.values(t).slice(1), t.value && either(t.value)]; };
const ofDisposal = (at) => { const d = disposal(at); return [d.id, d.from, d.account, d.asset, d.quantity, d.acquired, d.disposed, either(d.proceeds), either(d.cost), either(d.gain), d.term, d.rule, d.kind]; };
const ofIncome = (at) => { const i = receipt(at); return [i.kind, i.quantity, i.asset, either(i.value), ...ofTransaction(i.number).slice(0, 3)]; };

/** An amount is looked for in its digits alone: 1,234.50 is 1234.5. */
function word(text) {
  return /^-?[\d,]*\.?\d+$/.test(text) ? text.replace(/,/g, "").replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "") : text.toLowerCase();
}

/** A day as the page shows it, 31 Mar 2025, is looked for as reports write it. */
function days(query) {
  return query.replace(/\b(\d{1,2}) ([a-z]{3})[a-z]*\.? (\d{4})\b/gi, (all, of, name, year) => {
    const month = MONTHS.findIndex((each) => each.toLowerCase() === name.toLowerCase()) + 1;
    return month ? `${year}-${String(month).padStart(2, "0")}-${of.padStart(2, "0")}` : all;
  });
}

function matches(asked, among) {
  const query = days(asked);
  const wanted = query.split(/\s+/).filter(Boolean).map(word);
  const all = [], lines = [];
  forms.forEach((form, number) => {
    if (among !== "all" && among !== `form ${number}`) return;
    const name = query.toLowerCase().replace(/^form\s+/, "").replace(/^line\s+/, "");
    form.labels.forEach((label, at) => { if ([label, `${form.name}:${label}`].some((l) => l.toLowerCase() === name)) lines.push(["form", at, form]); });
    const first = new Set(lines.filter(([, , of]) => of === form).map(([, at]) => at));
    fitting(hay(form, form.labels.length, (at) => form.rows[at]), wanted).forEach((at) => { if (!first.has(at)) all.push(["form", at, form]); });
  });
  const more = [["disposals", ofDisposal], ["income", ofIncome], ["transactions", ofTransaction]].flatMap(([name, make]) =>
    (among === "all" || among === name) && rowsOf(name) ? fitting(hay(name, rowsOf(name), make), wanted).map((at) => [name, at]) : []);
  // the row whose id was asked for comes first
  const id = query.toLowerCase();
  const named = more.filter(([name, at]) => (name === "transactions" ? transaction(at).id : name === "disposals" ? disposal(at).id : "") === id);
  return [...lines, ...(named.length ? [...named, ...all, ...more.filter((hit) => !named.includes(hit))] : [...all, ...more])];
}

function fitting(rows, wanted) {
  const fit = [];
  for (let at = 0; at < rows.length; at++) if (wanted.every((text) => rows[at].includes(text))) fit.push(at);
  return fit;
}

/** From elsewhere on the page. */
async function look(text) {
  input.value = text;
  kinds.value = "all";
  byId("search").scrollIntoView();
  await ask();
  input.focus({ preventScroll: true });
  if (hits.length) open(hits[0], false);
}

addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || /^(INPUT|SELECT|TEXTAREA)$/.test(document.activeElement.tagName)) return;
  event.preventDefault();
  byId("search").scrollIntoView();
  input.focus({ preventScroll: true });
});
