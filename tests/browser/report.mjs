// Opens the HTML reports in a real browser: reads, searches, filters, folds, changes the theme.
//
// node report.mjs REPORTS [SCREENSHOTS]
import assert from "node:assert/strict";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";

const [reports = "reports", shots] = process.argv.slice(2);
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  // Waiting decides nothing; a busy machine takes long.
  timeout: 120_000,
  // CI runs as root, which Chromium's sandbox refuses, and in containers with a small /dev/shm.
  chromiumSandbox: false,
  args: [
    "--headless", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
  ],
});

/** A page with a report; whatever it says, blocks or asks for besides itself is a failure. */
async function open(name, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, ...options });
  context.setDefaultTimeout(120_000);
  const page = await context.newPage();
  const url = pathToFileURL(path.resolve(reports, `${name}.html`)).href;
  const wrong = [];
  page.on("console", (message) => wrong.push(`console: ${message.text()}`));
  page.on("pageerror", (error) => wrong.push(`error: ${error}`));
  page.on("dialog", (dialog) => { wrong.push(`dialog: ${dialog.message()}`); dialog.dismiss(); });
  page.on("request", (request) => {
    if (request.url() !== url) wrong.push(`request: ${request.url()}`);
  });
  await page.goto(url);
  const close = async () => {
    assert.deepEqual(wrong, [], name);
    await context.close();
  };
  const shoot = async (as) => {
    if (shots) await page.screenshot({ path: path.join(shots, `${as}.png`), fullPage: true });
  };
  return { page, close, shoot };
}

// Text is read as `textContent`: `innerText` is empty until the browser has drawn what
// `content-visibility: auto` let it skip, which is a matter of time.
const visible = (page) => page.locator("details.change:visible").count();
const background = (page) => page.evaluate(() => getComputedStyle(document.body).backgroundColor);

const tests = {
  async "search and filters narrow the list"() {
    const { page, close } = await open("everything");
    const all = await visible(page);
    assert.equal(await page.locator("#shown").textContent(), `${all} of ${all} shown`);

    await page.getByLabel("Search").fill("okta SSOTYPE");
    assert.equal(await visible(page), 1);
    assert.match(await page.locator("details.change:visible").textContent(), /HuaweiIdentityProvider\/okta/);
    await page.getByLabel("Search").fill("no such thing");
    assert.equal(await visible(page), 0);
    await page.getByText("No change matches.").waitFor();

    await page.getByRole("button", { name: "Clear filters" }).click();
    await page.getByRole("checkbox", { name: /^destroys/ }).check();
    const destroying = await visible(page);
    assert.ok(destroying > 0 && destroying < all);
    for (const change of await page.locator("details.change:visible").all()) {
      assert.match(await change.getAttribute("data-risks"), /destroys/);
    }
    assert.equal(await page.locator("tbody tr:visible").count(), destroying);
    assert.ok((await page.locator("svg a.dim").count()) > 0);

    await page.getByLabel("Account").selectOption("alibaba-prod");
    assert.equal(await visible(page), 1);
    assert.equal(await page.locator(".account:visible").count(), 1);
    await page.getByRole("checkbox", { name: /^destroys/ }).uncheck();
    await page.getByRole("checkbox", { name: /^create/ }).check();
    assert.equal(await visible(page), 1);
    assert.match(await page.locator("details.change:visible").textContent(), /AlibabaOidcProvider\/github/);
    await close();
  },

  async "folds, and links unfold"() {
    const { page, close } = await open("everything");
    const opened = () => page.locator("details.change[open]").count();
    assert.equal(await opened(), await visible(page));
    await page.getByRole("button", { name: "Fold all" }).click();
    assert.equal(await opened(), 0);
    await page.locator("tbody a").first().click();
    assert.equal(await opened(), 1);
    const target = page.locator("details.change:target");
    await target.waitFor();
    // What is filtered out is shown again when a link leads there.
    await page.getByLabel("Account").selectOption("tencent-test");
    await page.locator("svg a").first().click();
    await page.waitForFunction(() => document.querySelector("details.change:target:not([hidden])"));
    await close();
  },

  async "light and dark"() {
    const light = await open("everything", { colorScheme: "light" });
    const paper = await background(light.page);
    await light.shoot("light");
    await light.page.getByRole("button", { name: "Dark" }).click();
    const night = await background(light.page);
    assert.notEqual(night, paper);
    await light.page.getByRole("button", { name: "Light" }).click();
    assert.equal(await background(light.page), paper);
    await light.close();

    const dark = await open("everything", { colorScheme: "dark" });
    assert.equal(await background(dark.page), night);
    await dark.shoot("dark");
    await dark.close();

    const narrow = await open("everything", { viewport: { width: 390, height: 800 } });
    const wide = await narrow.page.evaluate(() => document.documentElement.scrollWidth);
    assert.ok(wide <= 390, `nothing sticks out on a telephone: ${wide}`);
    await narrow.shoot("narrow");
    await narrow.close();
  },

  async "colours are far enough apart"() {
    for (const colorScheme of ["light", "dark"]) {
      const { page, close } = await open("everything", { colorScheme });
      const faint = await page.evaluate(() => {
        const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
        const rgb = (colour) => {
          canvas.clearRect(0, 0, 1, 1);
          canvas.fillStyle = colour;
          canvas.fillRect(0, 0, 1, 1);
          return [...canvas.getImageData(0, 0, 1, 1).data];
        };
        const light = ([r, g, b]) => {
          const part = (v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4);
          return 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
        };
        const paper = (element) => {
          for (let at = element; at; at = at.parentElement) {
            const colour = rgb(getComputedStyle(at).backgroundColor);
            if (colour[3] === 255) return colour;
          }
          return [255, 255, 255, 255];
        };
        const found = new Set();
        for (const element of document.querySelectorAll("body *:not(svg, svg *, script, option)")) {
          const own = [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim());
          if (!own || !element.checkVisibility()) continue;
          const [a, b] = [light(rgb(getComputedStyle(element).color)), light(paper(element))];
          const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
          if (ratio < 4.5) found.add(`${element.tagName}.${element.className}: ${ratio.toFixed(2)}`);
        }
        return [...found];
      });
      assert.deepEqual(faint, [], colorScheme);
      await close();
    }
  },

  async "is whole without its script"() {
    const { page, close } = await open("everything", { javaScriptEnabled: false });
    assert.ok((await page.locator("details.change[open]").count()) > 0);
    await page.locator("pre.diff").first().waitFor();
    await page.locator("svg").waitFor();
    assert.equal(await page.locator("#filters:visible").count(), 0);
    assert.equal(await page.locator("#theme:visible").count(), 0);
    await close();
  },

  async "hostile text stays text"() {
    const { page, close, shoot } = await open("hostile");
    assert.equal(await page.evaluate(() => globalThis.owned), undefined);
    assert.equal(await page.locator("img, iframe, object, form:not(#filters)").count(), 0);
    assert.ok((await page.getByText("onerror=").count()) > 0);
    await page.getByLabel("Search").fill("globalThis.owned");
    assert.ok((await visible(page)) > 0);
    await shoot("hostile");
    await close();
  },

  async "the policy stops what is not ours"() {
    const { page } = await open("everything");
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.owned = 1";
      document.body.append(script);
      return globalThis.owned;
    });
    assert.equal(ran, undefined);
    await page.context().close();
  },

  async "five thousand changes can be filtered"() {
    const { page, close } = await open("many");
    const begin = Date.now();
    await page.getByLabel("Search").fill("pipeline-0007");
    await page.waitForFunction(() => /^2 of 5000 /.test(document.getElementById("shown").textContent));
    console.log(`  5000 changes filtered in ${Date.now() - begin} ms`);
    await close();
  },
};

let failed = 0;
for (const [name, run] of Object.entries(tests)) {
  try {
    await run();
    console.log(`ok      ${name}`);
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${name}\n${error.stack}`);
  }
}
await browser.close();
process.exit(failed ? 1 : 0);
