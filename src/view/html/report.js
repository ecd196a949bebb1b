"use strict";
(() => {
  const byId = (id) => document.getElementById(id);

  const theme = byId("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => {
    const own = document.documentElement.dataset.theme;
    return own ? own === "dark" : prefersDark.matches;
  };
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; };
  theme.hidden = false;
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  prefersDark.addEventListener("change", nameTheme);
  nameTheme();

  // A link to a change that is folded or filtered out still leads there.
  const reveal = () => {
    const target = /^#c\d+$/.test(location.hash) && byId(location.hash.slice(1));
    if (target) {
      target.open = true;
      if (target.hidden) {
        byId("filters").reset();
      }
      setTimeout(() => target.scrollIntoView());
    }
  };

  const form = byId("filters");
  if (form) {
    const others = new Map();
    for (const other of document.querySelectorAll("[data-change]")) {
      const id = `c${other.dataset.change}`;
      others.set(id, [...(others.get(id) ?? []), other]);
    }
    const changes = [...document.querySelectorAll("details.change")].map((element) => ({
      element,
      words: element.textContent.toLowerCase(),
      account: element.dataset.account,
      action: element.dataset.action,
      risks: element.dataset.risks.split(" "),
      others: others.get(element.id) ?? [],
    }));
    const accounts = [...document.querySelectorAll(".account")];
    const search = byId("search");
    const account = byId("account");
    const checked = (name) =>
      [...form.querySelectorAll(`input[name="${name}"]:checked`)].map((input) => input.value);
    const apply = () => {
      const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
      const risks = checked("risk");
      const actions = checked("action");
      let shown = 0;
      for (const change of changes) {
        const fits =
          (!account.value || change.account === account.value) &&
          (!actions.length || actions.includes(change.action)) &&
          (!risks.length || risks.some((risk) => change.risks.includes(risk))) &&
          words.every((word) => change.words.includes(word) || change.account.includes(word));
        change.element.hidden = !fits;
        for (const other of change.others) {
          other.tagName === "TR" ? (other.hidden = !fits) : other.classList.toggle("dim", !fits);
        }
        shown += fits ? 1 : 0;
      }
      for (const group of accounts) {
        group.hidden = !group.querySelector("details.change:not([hidden])");
      }
      byId("nothing").hidden = shown > 0;
      byId("shown").textContent = `${shown} of ${changes.length} shown`;
    };
    const fold = byId("fold");
    fold.addEventListener("click", () => {
      const open = fold.textContent !== "Fold all";
      for (const change of changes) {
        change.element.open = open;
      }
      fold.textContent = open ? "Fold all" : "Unfold all";
    });
    form.addEventListener("input", apply);
    form.addEventListener("reset", () => setTimeout(apply));
    form.addEventListener("submit", (event) => event.preventDefault());
    form.hidden = false;
    apply();
  }
  addEventListener("hashchange", reveal);
  reveal();
})();
