// Times what a person waits for in the browser: from a click to the new rows, on a page that WASM has taken over. Prints lines of
// `figure value unit comparison target`, spaces in a figure as underscores. Run by scripts/bench-console.sh.
import { contextOf, launch, openHydrated } from './browser.mjs'

const batch = `/admin/batches/${process.env.BATCH}`
const turns = 30

/** Clicks what `link` finds and returns the milliseconds until what `rows` finds reads differently, the requests and their bytes. */
async function clickToRows(page, link, rows) {
    return page.evaluate(
        ([link, rows]) =>
            new Promise((resolve, reject) => {
                const read = () => document.querySelector(rows)?.textContent
                const before = read()
                const asked = performance.getEntriesByType('resource').length
                const started = performance.now()
                const look = () => {
                    const now = read()
                    if (!now || now === before) return
                    observer.disconnect()
                    const ms = performance.now() - started
                    // The entry of a request comes a little after its answer.
                    setTimeout(() => {
                        const entries = performance.getEntriesByType('resource').slice(asked).filter(entry => entry.initiatorType === 'fetch')
                        resolve({ ms, requests: entries.length, bytes: entries.reduce((sum, entry) => sum + entry.transferSize, 0) })
                    }, 50)
                }
                const observer = new MutationObserver(look)
                observer.observe(document.body, { childList: true, subtree: true, characterData: true })
                setTimeout(() => reject(new Error(`nothing new in ${rows} after a click on ${link}`)), 5_000)
                document.querySelector(link).click()
            }),
        [link, rows],
    )
}

const median = numbers => numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)]
const say = (figure, value, unit, comparison, target) =>
    console.log([figure.replaceAll(' ', '_'), value, unit, comparison, target].join(' '))

function report(name, clicks) {
    say(`${name} median`, median(clicks.map(click => click.ms)).toFixed(1), 'ms', 'max', 35)
    say(`${name} requests`, Math.max(...clicks.map(click => click.requests)), 'requests', 'max', 1)
    say(`${name} bytes`, Math.max(...clicks.map(click => click.bytes)), 'bytes', 'max', 15_000)
}

const browser = await launch()
/** A page of a browser of its own, in which an owner has signed in. */
const opened = async options => (await contextOf(browser, { viewport: { width: 1440, height: 900 }, ...options })).newPage()
try {
    const page = await opened({})
    const loaded = []
    page.on('requestfinished', async request => loaded.push(request.sizes().then(sizes => sizes.responseBodySize)))
    await openHydrated(page, batch)
    await page.waitForLoadState('networkidle')
    const bytes = (await Promise.all(loaded)).reduce((sum, bytes) => sum + bytes, 0)
    say('everything for an interactive page', bytes, 'bytes', 'max', 280_000)

    const pages = []
    for (let turn = 0; turn < turns; turn++) pages.push(await clickToRows(page, 'a[rel="next"]', '.rows tbody'))
    report('page turn', pages)

    const tabs = []
    for (let turn = 0; turn < turns; turn++) {
        const to = turn % 2 === 0 ? '.tabs a[href*="tab=billing"]' : '.tabs a:not([href*="tab="])'
        tabs.push(await clickToRows(page, to, '.rows thead'))
    }
    report('tab switch', tabs)

    const first = await opened({ javaScriptEnabled: false })
    await first.goto(batch)
    say('rows without scripts', await first.locator('.rows tbody tr').count(), 'rows', 'min', 50)
} finally {
    await browser.close()
}
