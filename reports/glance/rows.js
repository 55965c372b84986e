// The single rows, unpacked when they are first asked for: forms, disposals, income, transactions, records.

const TABLES = { disposals: [], income: [], transactions: [], records: [] };  // name -> columns
const forms = [];  // { name, title, columns, rows, labels, sales: [numbers of disposals of each line] }
let unpacking = null;

/** Resolves once all rows are there; raises what can't be. */
function unpacked(told) {
  unpacking = unpacking || unpack(told);
  return unpacking;
}

async function unpack(told) {
  if (document.readyState === "loading") await new Promise((go) => document.addEventListener("DOMContentLoaded", go, { once: true }));
  const kept = JSON.parse(byId("rows").textContent);
  if (kept.left_out) throw new Error("This year has more rows than a page can hold: they are in the CSV files and the workbook beside it, and `taxsync explain ID` follows any of them.");
  if (kept.plain) read(kept.plain.split("\n"));
  else {
    if (!("DecompressionStream" in window)) throw new Error("This browser is too old to unpack the rows of this page; everything else is as it should be. The workbook beside it has them.");
    const parts = new Blob([bytes(kept.deflated)]).stream().pipeThrough(new DecompressionStream("deflate-raw")).pipeThrough(new TextDecoderStream()).getReader();
    let rest = [];
    for (;;) {
      const { value, done } = await parts.read();
      if (done) break;
      const end = value.lastIndexOf("\n");
      if (end < 0) { rest.push(value); continue; }
      rest.push(value.slice(0, end));
      read(rest.join("").split("\n"));
      rest = [value.slice(end + 1)];
      told(rowsOf("transactions") * TOGETHER);
    }
  }
  finish();
}

const TOGETHER = 4000;  // rows of a block

function bytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
}

let block = null, left = 0, columns = [];  // the block that is being read

/** Lines of blocks: one that says what it is, then its columns. */
function read(lines) {
  for (const line of lines) {
    if (!left) {
      if (!line) continue;
      block = JSON.parse(line);
      left = block.columns;
      columns = [];
    } else {
      columns.push(texts(line));
      left--;
    }
    if (!left) take(block, columns);
  }
}

/** A column's line as its texts. */
function texts(line) {
  const rest = line.slice(1);
  if (line[0] === "=") return rest.split("\x1f");
  if (line[0] === "!") return JSON.parse(rest);
  const [few, at] = rest.split("\x1e"), different = few.split("\x1f");
  return at.split(",").map((number) => different[number]);
}

/** A block's columns go to the end of those of its table. */
function take({ of, rows, name, title }, some) {
  const form = forms[forms.length - 1];
  if (of === "form") forms.push({ name, title, file: [], sales: [] });
  else if (of === "file") form.file.push(some[0][0]);
  else if (of === "sales") form.sales.push(some[0]);
  else {
    if (of === "records") some.splice(5, Infinity, whole(rows, some));
    some.forEach((column, at) => (TABLES[of][at] = TABLES[of][at] || []).push(column));
  }
}

/** The texts of records: whole ones, and those that have the keys of the first flat one that stands whole. */
function whole(rows, some) {
  if (some.length === 5) return Array(rows).fill(null);
  const members = some.slice(6);
  let around = null, met = 0;
  return some[5].map((text) => {
    if (text !== "=") {
      if (!around && members.length && text.split('"').length === members.length * 4 + 1 && !text.includes("\\")) around = text.split('"');
      return text;
    }
    const parts = [...around];
    members.forEach((column, at) => { parts[3 + 4 * at] = column[met]; });
    met++;
    return parts.join('"');
  });
}

/** Once all is read: each column in one, numbers as numbers, forms as rows of cells. */
function finish() {
  for (const table of Object.values(TABLES)) for (let at = 0; at < table.length; at++) table[at] = table[at].flat();
  const numbers = (table, at) => { if (table[at]) table[at] = table[at].map((text) => (text === "" ? null : Number(text))); };
  numbers(TABLES.disposals, 0);
  numbers(TABLES.disposals, 2);
  numbers(TABLES.income, 0);
  for (const form of forms) {
    [form.columns, ...form.rows] = csv(form.file.join("").replace(/\x1d/g, "\r\n"));
    form.sales = form.sales.flat().map((numbers) => numbers.split(" ").map(Number));
    form.labels = labels(form);
    delete form.file;
  }
  index();
}

/** RFC 4180 as rows of cells. */
function csv(text) {
  if (!text.includes('"')) return text.split("\r\n").filter(Boolean).map((row) => row.split(","));
  const rows = [[]];
  for (const [, quoted, bare, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^,\r\n"]*))(,|\r\n|$)/g)) {
    rows[rows.length - 1].push(quoted === undefined ? bare : quoted.replace(/""/g, '"'));
    if (end === "\r\n") rows.push([]);
    else if (end === "") break;
  }
  if (rows[rows.length - 1].join("") === "") rows.pop();
  return rows;
}

// ---- what the columns are -------------------------------------------------------------------------------------------

const cellOf = (name, column, at) => TABLES[name][column][at];
const rowsOf = (name) => (TABLES[name][0] || []).length;

function disposal(at) {
  const [number, ownId, bought, elsewhere, account, asset, quantity, came, went, proceeds, cost, term, rule, kind, taxed] = TABLES.disposals.map((column) => column[at]);
  const same = (text, column, of) => (text === "=" ? cellOf("transactions", column, of) : text);
  const known = proceeds !== "";
  return {
    at, id: same(ownId, 0, number), number, bought, from: same(elsewhere, 0, bought), account, asset, quantity,
    acquired: same(came, 1, bought), disposed: same(went, 1, number), proceeds: known ? proceeds : null, cost: known ? cost : null,
    gain: known ? minus(proceeds, cost) : null, term, rule, kind, taxed,
  };
}

function transaction(at) {
  const [id, when, account, sent, sentAsset, received, receivedAsset, fee, feeAsset, label, worth, from, description, hash, source, sourceId, other] = TABLES.transactions.map((column) => column[at]);
  const value = worth === "<" ? received : worth === ">" ? sent : worth || null;
  return { at, id, when, account, sent, sentAsset, received, receivedAsset, fee, feeAsset, label, value, from, description, hash, source, sourceId, other };
}

function receipt(at) {
  const [number, kind, quantity, asset, value] = TABLES.income.map((column) => column[at]);
  return { at, number, kind, quantity, asset, value: value || null };
}

function record(at) {
  const [said, source, stream, id, origin, text] = TABLES.records.map((column) => column[at]);
  return { source, stream, id: id === "=" ? cellOf("transactions", 15, Number(said.split(" ")[0])) : id, origin, text };
}

/** What a line of a form is called on paper and by `taxsync explain --form`: II.3, its own number, or its row. */
function labels(form) {
  const part = form.columns.indexOf("part"), line = form.columns.indexOf("line"), met = {};
  return form.rows.map((row, at) => {
    if (part >= 0) return `${row[part]}.${(met[row[part]] = (met[row[part]] || 0) + 1)}`;
    return line >= 0 && row[line] ? row[line] : String(at + 1);
  });
}

// ---- who names whom -------------------------------------------------------------------------------------------------

const soldBy = new Map(), boughtBy = new Map(), recordsOf = new Map(), numberOf = new Map(), lineOf = new Map();

function index() {
  const add = (map, key, value) => { const list = map.get(key); if (list) list.push(value); else map.set(key, [value]); };
  for (let at = 0; at < rowsOf("disposals"); at++) {
    add(soldBy, TABLES.disposals[0][at], at);
    if (TABLES.disposals[2][at] !== null) add(boughtBy, TABLES.disposals[2][at], at);
  }
  for (let at = 0; at < rowsOf("transactions"); at++) numberOf.set(TABLES.transactions[0][at], at);
  for (let at = 0; at < rowsOf("records"); at++) for (const said of TABLES.records[0][at].split(" ")) add(recordsOf, Number(said), at);
  for (const form of forms) form.sales.forEach((sales, line) => sales.forEach((at) => { if (!lineOf.has(at)) lineOf.set(at, [form, line]); }));
}
