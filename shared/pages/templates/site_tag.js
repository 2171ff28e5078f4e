/* Popsell's tag for the site of a brand. What it may store stands in SETTINGS and nowhere else; it sends nothing anywhere. */
(function (settings) {
  "use strict";

  function store(cookie, value) {
    var seconds = value === null ? 0 : cookie.seconds;
    document.cookie = cookie.name + "=" + encodeURIComponent(value === null ? "" : value) +
      "; Path=/; Max-Age=" + seconds + cookie.flags;
  }

  function fits(part, value) {
    return typeof value === "string" && new RegExp(part.pattern, "u").test(value);
  }

  /* One value stands for itself, several as JSON; without the first of them there is nothing to store. */
  function fromAddress(cookie, address) {
    var found = {};
    cookie.parts.forEach(function (part) {
      var value = address.get(part.source);
      if (fits(part, value)) { found[part.name] = value; }
    });
    var first = cookie.parts[0].name;
    if (!(first in found)) { return; }
    store(cookie, cookie.parts.length === 1 ? found[first] : JSON.stringify(found));
  }

  /* Popsell.data({customerId: "…"}) or Popsell.data({products: ["…"]}); Popsell.data(null) removes it. */
  function data(given) {
    if (given === null) { store(settings.data, null); return true; }
    var found = {};
    settings.data.parts.forEach(function (part) {
      var value = given && given[part.source];
      var many = Array.isArray(value);
      var good = (many ? value.slice(0, 50) : [value]).filter(function (one) { return fits(part, one); });
      if (good.length) { found[part.name] = many ? good : good[0]; }
    });
    if (!Object.keys(found).length) { return false; }
    store(settings.data, JSON.stringify(found));
    return true;
  }

  /* Popsell.analytics(true) after the visitor's yes, at each page; Popsell.analytics(false) takes everything away again. */
  var loaded = false;
  function analytics(yes) {
    var wanted = settings.analytics;
    if (!wanted) { return false; }
    window["ga-disable-" + wanted.id] = yes !== true;
    if (yes !== true) {
      document.cookie.split(/; */).forEach(function (one) {
        var name = one.split("=")[0];
        if (!/^(_ga|_utm|__utm)/.test(name)) { return; }
        var host = location.hostname.split(".");
        for (var at = 0; at < host.length; at++) {
          document.cookie = name + "=; Path=/; Max-Age=0; Domain=" + host.slice(at).join(".");
        }
        document.cookie = name + "=; Path=/; Max-Age=0";
      });
      return false;
    }
    if (!loaded) {
      loaded = true;
      window.dataLayer = window.dataLayer || [];
      var say = function () { window.dataLayer.push(arguments); };
      say("js", new Date());
      say("config", wanted.id, { cookie_expires: wanted.seconds, cookie_flags: wanted.flags.slice(2) });
      var script = document.createElement("script");
      script.async = true;
      script.src = "https://www.googletagmanager.com/gtag/js?id=" + encodeURIComponent(wanted.id);
      document.head.appendChild(script);
    }
    return true;
  }

  var address = new URLSearchParams(location.search);
  settings.fromAddress.forEach(function (cookie) { fromAddress(cookie, address); });
  window.Popsell = { data: data, analytics: analytics };
})(SETTINGS);
