// Elements, exact amounts and days as text. Whatever comes from outside becomes text, never markup.

const data = JSON.parse(document.getElementById("data").textContent);
const byId = (id) => document.getElementById(id);

/** Marks that turn the direction of what follows, and what has no shape, are written out: no name reads as another. */
const visible = (text) => String(text).replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g,
  (mark) => `\\u${mark.charCodeAt(0).toString(16).padStart(4, "0")}`);

/** An element: `h("td", { class: "n" }, "text", child, [children])`; a key that begins with "on" is a listener. */
function h(name, attributes, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes || {})) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else made.setAttribute(key, value === true ? "" : visible(value));
  }
  made.append(...children.flat(Infinity).filter((child) => child || child === 0).map((child) => (child instanceof Node ? child : visible(child))));
  return made;
}

// ---- amounts: exact texts; a float is for drawing alone -------------------------------------------------------------

/** "1234.565" -> "1,234.57": rounded half up to the currency's decimals, or to some, as the reports round. */
function rounded(text, decimals = data.year.decimals) {
  const minus = text.startsWith("-");
  const [whole, part = ""] = text.replace("-", "").split(".");
  let digits = BigInt(whole + part.slice(0, decimals).padEnd(decimals, "0"));
  if ((part[decimals] || "0") >= "5") digits += 1n;
  const all = digits.toString().padStart(decimals + 1, "0");
  const front = grouped(all.slice(0, all.length - decimals));
  return (minus && digits ? "-" : "") + front + (decimals ? "." + all.slice(-decimals) : "");
}

const grouped = (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ",");

/** A number in all its digits, with separators. */
function exact(text) {
  const [whole, part] = text.split(".");
  return grouped(whole) + (part ? "." + part : "");
}

/** a - b, exactly. */
function minus(a, b) {
  const places = Math.max(...[a, b].map((text) => (text.split(".")[1] || "").length));
  const [x, y] = [a, b].map((text) => {
    const [whole, part = ""] = text.split(".");
    return BigInt(whole + part.padEnd(places, "0"));
  });
  const all = (x < y ? y - x : x - y).toString().padStart(places + 1, "0");
  const part = all.slice(all.length - places).replace(/0+$/, "");
  return (x < y ? "-" : "") + all.slice(0, all.length - places) + (places && part ? "." + part : "");
}

const money = (text) => (text === null || text === undefined ? "not known" : rounded(text));
const units = (text) => (text === null || text === undefined ? "" : exact(text));
const drawn = (text) => (text === null || text === undefined ? null : Number(text));
const sign = (text) => (!text || !/[1-9]/.test(text) ? "" : text.startsWith("-") ? "down" : "up");
const count = (number, one, many) => `${grouped(String(number))} ${number === 1 ? one : many || one + "s"}`;

/** A cell with an amount in the currency's decimals; all its digits when it is pointed at. */
const amount = (text, tag = "td") => h(tag, { class: "n", title: text && text.includes(".") ? exact(text) : null }, money(text));

const MONTHS = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** "2025-03-31T..." -> "31 Mar 2025" */
function day(text) {
  if (!text) return "";
  const [year, month, of] = text.slice(0, 10).split("-");
  return `${Number(of)} ${MONTHS[month - 1]} ${year}`;
}
const monthOf = (text) => `${MONTHS[Number(text.slice(5, 7)) - 1]} ${text.slice(0, 4)}`;
const instant = (text) => (text ? `${day(text)}, ${text.slice(11, 19)}` : "");
/** Text in which what stands between backticks is a command. */
const spoken = (text) => text.split("`").map((part, at) => (at % 2 ? h("code", {}, part) : part));
const words = (code) => (code.charAt(0).toUpperCase() + code.slice(1)).replace(/_/g, " ");

// ---- tables ---------------------------------------------------------------------------------------------------------

/** A table of cells: texts, or elements td/th. `right`: the numbers of the columns with figures. */
function table(caption, heads, rows, right = [], total = null) {
  const cell = (value, at, tag) =>
    value instanceof HTMLElement && /^T[DH]$/.test(value.tagName) ? value
      : h(tag, { class: right.includes(at) ? "n" : null, scope: tag === "th" ? "row" : null }, value);
  return h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", {},
      h("caption", {}, caption),
      h("thead", {}, h("tr", {}, heads.map((head, at) => h("th", { scope: "col", class: right.includes(at) ? "n" : null }, head)))),
      h("tbody", {}, rows.map((row) => h("tr", {}, row.map((value, at) => cell(value, at, at ? "td" : "th"))))),
      total && h("tfoot", {}, h("tr", {}, total.map((value, at) => cell(value, at, at ? "td" : "th"))))));
}

/** The same behind a line to open it; made only then, or to be printed, where it is not a book. */
function behind(title, make, prints = true) {
  const details = h("details", { class: prints ? "behind prints" : "behind" }, h("summary", {}, title));
  const open = () => { if (details.childElementCount === 1) details.append(make()); };
  details.addEventListener("toggle", () => details.open && open());
  details.fill = open;
  return details;
}
