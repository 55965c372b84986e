// Puts the page together: all that can be seen at once first.

byId("subtitle").textContent = `Crypto, ${year.country}, ${day(year.first)} to ${day(year.last)}; ${year.method}, lots ${year.scope}`;
byId("notice").append(notice());
fill("figures", cards());
fill("gains", gains());
fill("income", income());
fill("holdings", holdings());
fill("accounts", accounts());
fill("values", values());
fill("coverage", coverage());
fill("problems", problems());
fill("search", searching());
for (const section of document.querySelectorAll("main section:not([hidden])")) {
  byId("nav").append(h("a", { href: `#${section.id}` }, section.dataset.name));
}
const here = new IntersectionObserver((seen) => {
  for (const each of seen) byId("nav").querySelector(`a[href="#${each.target.id}"]`)?.classList.toggle("here", each.isIntersecting);
}, { rootMargin: "-30% 0px -65% 0px" });
document.querySelectorAll("main section:not([hidden])").forEach((section) => here.observe(section));
byId("foot").append(
  h("p", {}, "Amounts are rounded to the cent where they are shown; pointing at one shows all its digits. Forms, CSV files and the workbook beside this page have the same figures."),
  h("p", {}, `taxsync ${year.version}; times are those of ${year.zone}; digest of the inputs ${year.inputs}. ${year.opening ? `Opening position: ${year.opening}. ` : ""}${year.filed ? `This year is ${year.filed}. ` : ""}`),
  h("p", {}, "This page makes no request: what it shows is in it, and stays on this machine. A computation, not tax advice."));
