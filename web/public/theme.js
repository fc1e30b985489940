// Before the first paint: which theme. Everything else about it is in src/theme.ts.
// A file of its own and not a module, because modules run after the first paint and inline scripts are forbidden.
(function () {
  var asked = new URLSearchParams(location.search).get("theme");
  var kept = null;
  try {
    kept = localStorage.getItem("duologue.theme");
  } catch (_) {
    // storage is forbidden here: follow the system
  }
  var choice = asked || kept;
  var system = matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
  document.documentElement.dataset.theme = choice === "light" || choice === "dark" ? choice : system;
})();
