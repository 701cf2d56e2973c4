// Every number on the batch page, and on the overview, leads to rows and equals their sum: this walks them all. It reads a figure,
// follows its link, turns every page there is, and adds the rows up; money to the micro-dollar. Without JavaScript: what is
// compared is what anybody gets.
import { after, before, describe, test } from 'node:test'
import assert from 'node:assert/strict'
import { launch, withPage } from './browser.mjs'
import { Orderer, batchbook } from './orders.mjs'

const options = { javaScriptEnabled: false, viewport: { width: 1440, height: 900 } }
let browser, refunded, running
before(async () => {
    browser = await launch()
    const orders = new Orderer('Walker', 'walker@example.com')
    refunded = await orders.submit('walk', Array.from({ length: 12 }, (_, n) => ({ prompt: `take ${n} ${n % 4 ? '[[ok]]' : '[[fail:timeout]]'} [[slow:100ms]]` })))
    await orders.finished(refunded)
    // What runs goes on beyond the test, so that its numbers stay what they are while they are walked.
    running = await orders.submit('run', Array.from({ length: 12 }, (_, n) => ({ prompt: `take ${n} ${n % 3 ? '[[ok]]' : '[[fail:timeout]]'} [[slow:${n < 8 ? '100ms' : '1200s'}]]` })))
    await orders.ended(running, 8)
    batchbook('batch', 'refund', refunded, '--tasks', '2-3,6', '--reason', 'blurred')
})
after(() => browser?.close())

const check = (name, body) => test(name, { timeout: process.env.WALK_ALL ? 7_200_000 : 600_000 }, () => withPage(browser, options, body))
const int = text => Number(text.replaceAll(',', '').replace('−', '-').match(/-?\d+/)?.[0] ?? NaN)

/** Micro-dollars of `US$ 1,234.5678`, `−0.1176`. */
function micros(text) {
    const [, sign, whole, fraction] = text.replaceAll(',', '').match(/([−-]?)(?:US\$ )?(\d+)\.(\d+)/)
    return (sign ? -1 : 1) * (Number(whole) * 1_000_000 + Number(fraction.padEnd(6, '0')))
}

/**
 * Cells of all rows that `selector` finds at an address and every one after it, and the headings above them. Nobody looks at these
 * pages: they are read, not opened.
 */
async function rowsOf(page, href, selector) {
    const rows = []
    const seen = new Set()
    let heads
    for (let next = new URL(href, page.url()).href; next; ) {
        assert.ok(!seen.has(next), `${next} leads to itself`)
        seen.add(next)
        const answer = await page.request.get(next)
        assert.equal(answer.status(), 200, next)
        const read = await page.evaluate(([html, selector]) => {
            const document = new DOMParser().parseFromString(html, 'text/html')
            const cellOf = cell => ({ text: cell.textContent.trim(), title: cell.title, part: cell.className.includes('part') })
            return {
                rows: [...document.querySelectorAll(selector)].map(row => ({ class: row.className, cells: [...row.cells].map(cellOf) })),
                heads: [...document.querySelectorAll('.list thead th')].map(cellOf),
                next: document.querySelector('.pager a[rel=next]')?.getAttribute('href'),
            }
        }, [await answer.text(), selector])
        rows.push(...read.rows)
        heads = read.heads
        next = read.next && new URL(read.next, next).href
    }
    return { rows, heads }
}

/** What the rows of a tab add up to; each address is walked once. */
class Walker {
    constructor(page) {
        this.page = page
        this.walked = new Map()
    }

    async sums(href) {
        const url = new URL(href, this.page.url())
        url.hash = ''
        const tab = url.searchParams.get('tab') ?? 'tasks'
        if (tab === 'tasks') url.searchParams.set('size', '200')
        if (!this.walked.has(url.href)) this.walked.set(url.href, await this[tab](url.href))
        return { tab, ...this.walked.get(url.href) }
    }

    async tasks(href) {
        const { rows } = await rowsOf(this.page, href, '.rows-main tbody tr')
        return { tasks: rows.length, credits: sum(rows, row => int(row.cells.at(-1).text)) }
    }

    async attempts(href) {
        const { rows } = await rowsOf(this.page, href, '.rows tbody tr:not(.totals)')
        return { attempts: rows.length, micros: sum(rows, row => micros(row.cells[5].text)) }
    }

    async billing(href) {
        const { rows } = await rowsOf(this.page, href, '.rows tr.entry')
        const entries = []
        for (const { class: name, cells } of rows) {
            const text = cells.map(cell => cell.text)
            if (name.includes('first')) entries.push({ kind: text[2].split(/\s/)[0], account: text[4], credits: int(text[5]), open: text[7], micros: text[8] ? micros(text[8]) : 0, first: true })
            else entries.push({ kind: entries.at(-1).kind, account: text[4], credits: int(text[5]), micros: 0 })
        }
        const of = (account, kinds) => sum(entries.filter(entry => entry.account === account && kinds.includes(entry.kind)), entry => entry.credits)
        const firsts = entries.filter(entry => entry.first)
        return {
            transactions: firsts.length,
            held: of('held', ['hold']),
            charged: of('revenue', ['capture', 'reversal']),
            refunded: of('available', ['release', 'reversal']),
            reversed: of('available', ['reversal']),
            open: firsts.at(-1)?.open ? int(firsts.at(-1).open) : undefined,
            micros: sum(firsts, entry => entry.micros),
        }
    }
}

const sum = (rows, of) => rows.reduce((total, row) => total + of(row), 0)

/** Every link of the card that says a number: where it stands, what it says, and what it says on hover. */
const figuresOf = page => page.evaluate(() => {
    const figures = []
    const add = (place, link) => figures.push({ place, text: link.textContent.trim(), title: link.title, href: link.getAttribute('href') })
    for (const link of document.querySelectorAll('.say a')) add('sentence', link)
    for (const link of document.querySelectorAll('.facts dd a')) add(link.closest('dd').previousElementSibling.textContent.trim(), link)
    for (const table of document.querySelectorAll('table.parties')) {
        const names = [...table.tHead.rows[0].cells].map(cell => cell.textContent.trim())
        for (const link of table.querySelectorAll('tbody a')) add(names[link.closest('td').cellIndex], link)
    }
    for (const link of document.querySelectorAll('.equation a')) add(`strip ${link.closest('span').textContent.trim().split(/\s/)[0]}`, link)
    return figures
})

/** Asserts that one figure is the sum of the rows that it leads to. */
async function holds(walker, { place, text, title, href }) {
    const at = `${place}: ${text} → ${href}`
    if (place === 'sentence') {
        if (href === '#types') return 'others'
        const rows = await walker.sums(href)
        if (/task=/.test(href)) return 'task'
        if (rows.tab === 'billing') assert.equal(int(text), rows.reversed, at)
        else assert.equal(int(text), /credits?$/.test(text) ? rows.credits : rows.tasks, at)
        return 'sentence'
    }
    const rows = await walker.sums(href)
    if (place === 'Revenue') assert.equal(micros(title), rows.micros, at)
    else if (rows.tab === 'attempts') assert.equal(micros(title), rows.micros, at)
    else if (place === 'Refunded' && rows.tab === 'tasks') assert.equal(int(text), rows.credits, at)
    else if (rows.tab === 'tasks') assert.equal(int(text), rows.tasks, at)
    else if (place === 'Transactions') assert.equal(int(text), rows.transactions, at)
    else {
        const name = place.replace(/^strip /, '').toLowerCase()
        assert.ok(['held', 'charged', 'refunded', 'open'].includes(name), `nobody knows what ${at} is`)
        assert.equal(int(text), rows[name], at)
    }
    return place
}

/** Batches of many kinds: the smallest ones that show each; with WALK_ALL=1 every batch that has ended, however large. */
async function chosen(page) {
    const { data } = await (await page.request.get('/api/admin/batches?limit=200')).json()
    const ended = data.filter(batch => ['completed', 'partial', 'failed', 'canceled'].includes(batch.status)).sort((a, b) => a.counts.total - b.counts.total)
    if (process.env.WALK_ALL) return ended.map(batch => [`${batch.id} of ${batch.counts.total}`, batch.id])
    const pick = rule => ended.find(rule)
    const kinds = {
        'all succeeded': pick(batch => batch.counts.failed === 0 && batch.counts.succeeded > 50),
        'all failed': pick(batch => batch.status === 'failed'),
        'many types of failure': ended.filter(batch => batch.counts.total < 200).toSorted((a, b) => b.counts.failed - a.counts.failed)[0],
        'of the dear model': pick(batch => batch.model === 'veo-pro' && batch.counts.failed > 3),
        canceled: pick(batch => batch.counts.canceled > 0),
        'some hundreds of tasks': pick(batch => batch.counts.total > 400 && batch.counts.failed > 0),
    }
    return [...Object.entries(kinds).map(([kind, batch]) => [kind, batch?.id]), ['refunded after capture', refunded], ['still running', running]]
}

describe('the batch page', () => {
    check('every number leads to rows and equals their sum', async page => {
        const batches = await chosen(page)
        const places = new Map()
        for (const [kind, id] of batches) {
            assert.ok(id, `there is a batch: ${kind}`)
            const walker = new Walker(page)
            await page.goto(`/admin/batches/${id}`)
            const figures = await figuresOf(page)
            assert.ok(figures.length >= 5, `${kind}: ${figures.length} figures`)
            for (const figure of figures) {
                const place = await holds(walker, figure)
                places.set(place, (places.get(place) ?? 0) + 1)
            }
        }
        for (const place of ['sentence', 'Revenue', 'Provider cost, succeeded', 'Provider cost, failed but billed', 'Succeeded', 'Failed',
            'Canceled', 'Tasks', 'Refunded', 'Sunk, US$', 'strip Held', 'strip Charged', 'strip Refunded', 'others', 'task']) {
            assert.ok(places.get(place) > 0, `${place} was walked`)
        }
    })

    check('profit, margin, others and what is named add up to what the card says', async page => {
        for (const [kind, id] of await chosen(page)) {
            await page.goto(`/admin/batches/${id}`)
            const said = await page.evaluate(() => {
                const dd = name => [...document.querySelectorAll('.facts dt')].find(dt => dt.textContent.trim() === name)?.nextElementSibling
                const title = name => dd(name).querySelector('[title]').title
                const tables = [...document.querySelectorAll('table.parties')].map(table => [...table.tBodies[0].rows].map(row => [...row.cells].map(cell => cell.textContent.trim())))
                return {
                    revenue: title('Revenue'), succeeded: title('Provider cost, succeeded'), failed: title('Provider cost, failed but billed'), profit: title('Profit'),
                    parties: tables[0], types: tables.slice(1).flat(), others: document.querySelector('.say a[href="#types"]')?.textContent,
                    counts: document.querySelector('.facts dl:not(.phases)') && Object.fromEntries([...document.querySelectorAll('.facts dt')].map(dt => [dt.textContent.trim(), dt.nextElementSibling.textContent.trim()])),
                }
            })
            assert.equal(micros(said.profit), micros(said.revenue) - micros(said.succeeded) - micros(said.failed), kind)
            for (const column of [2, 4]) {
                assert.equal(sum(said.parties, row => int(row[column])), sum(said.types, row => int(row[column])), `${kind}: types add up to parties`)
            }
            assert.equal(sum(said.parties, row => int(row[2])), int(said.counts.Failed), `${kind}: parties add up to the failed tasks`)
            const failing = said.types.filter(row => int(row[2]) > 0)
            if (said.others) assert.equal(int(said.others), sum(failing.slice(3), row => int(row[2])), `${kind}: others`)
        }
    })

    check('the billing tab says the same as its rows', async page => {
        for (const [kind, id] of await chosen(page)) {
            const walker = new Walker(page)
            await page.goto(`/admin/batches/${id}?tab=billing`)
            const said = await page.evaluate(() => ({
                terms: [...document.querySelectorAll('.facts.two dt')].map(dt => ({
                    place: dt.textContent.trim(), text: dt.nextElementSibling.textContent.trim(),
                    title: dt.nextElementSibling.querySelector('a')?.title, href: dt.nextElementSibling.querySelector('a')?.getAttribute('href'),
                })),
                totals: [...document.querySelector('tr.totals').cells].map(cell => cell.textContent.trim()),
                chips: [...document.querySelectorAll('.batch-chips a')].map(chip => ({ count: chip.querySelector('small').textContent, href: chip.getAttribute('href') })),
                tabs: [...document.querySelectorAll('.tabs a small')].map(count => count.textContent),
            }))
            const linked = said.terms.filter(term => term.href)
            assert.deepEqual(linked.map(term => term.place), ['Held', 'Charged', 'Refunded', 'Revenue', 'Transactions'], kind)
            for (const term of linked) await holds(walker, term)
            for (const chip of said.chips) assert.equal(int(chip.count), (await walker.sums(chip.href)).transactions, `${kind}: ${chip.href}`)
            const all = await walker.sums(`/admin/batches/${id}?tab=billing`)
            const term = name => int(said.terms.find(term => term.place === name).text)
            assert.equal(term('Still held'), all.open, `${kind}: still held`)
            assert.equal(term('Net'), all.refunded - all.held, `${kind}: net`)
            assert.equal(micros(said.totals[8]), all.micros, `${kind}: total revenue`)
            assert.deepEqual([int(said.totals[1]), int(said.tabs.at(-1))], [all.transactions, all.transactions], `${kind}: transactions`)
        }
    })

    check('a transaction that a task names is shown wherever it is', async page => {
        const { data } = await (await page.request.get('/api/admin/batches?limit=200')).json()
        const largest = data.filter(batch => batch.status === 'partial').sort((a, b) => b.counts.total - a.counts.total)[0]
        for (const number of [1, Math.floor(largest.counts.total / 2), largest.counts.total]) {
            await page.goto(`/admin/batches/${largest.id}?task=${number}`)
            const links = await page.locator('.proof-txn').evaluateAll(links => links.map(link => link.getAttribute('href')))
            assert.equal(links.length, 2, `task ${number}: held, and charged or refunded`)
            for (const link of links) {
                await page.goto(link)
                const id = link.split('#')[1]
                const row = page.locator('tr.target', { has: page.locator(`#${id}`) })
                assert.equal(await row.count(), 1, `${link} shows its transaction`)
                assert.ok(await row.evaluate(row => { const { top, bottom } = row.getBoundingClientRect(); return top >= 0 && bottom <= innerHeight }), `${link} is in sight`)
            }
        }
    })
})

describe('the overview', () => {
    // Headings of the list that a figure is the sum of. What a party or a model is asked for has columns of its own.
    const columns = {
        Revenue: 'Revenue, US$', 'Provider cost': 'Cost, US$', Profit: 'Profit, US$', Charged: 'Charged', Refunded: 'Refunded', 'Still held': 'Still held',
    }
    const tasks = { All: 'Tasks', 'Tasks waiting': 'Tasks waiting', 'Tasks being made': 'Tasks being made', Succeeded: 'OK', Failed: 'Failed', Canceled: 'Canceled' }

    const read = page => page.evaluate(() => {
        const figures = []
        for (const card of document.querySelectorAll('.card.window')) {
            const title = card.querySelector('h2').textContent.trim()
            for (const link of card.querySelectorAll('dd a')) {
                figures.push({ title, row: link.closest('dd').previousElementSibling.textContent.trim(), column: '', text: link.textContent.trim(), exact: link.title, href: link.getAttribute('href') })
            }
            for (const link of card.querySelectorAll(':scope > .scroll td a')) {
                const cell = link.closest('td')
                const heading = cell.closest('table').tHead.rows[0].cells[cell.cellIndex].textContent.trim()
                figures.push({ title, row: cell.parentElement.cells[0].textContent.trim(), column: heading, text: link.textContent.trim(), exact: link.title, href: link.getAttribute('href') })
            }
        }
        return figures.filter(figure => figure.href.startsWith('/admin/batches?'))
    })

    /** Sum of a column of the list, and how many rows it has. */
    async function listed(page, href, name, part) {
        const { rows, heads } = await rowsOf(page, href, '.list tbody tr')
        if (name === undefined) return rows.length
        const at = heads.findIndex(head => head.text === name && head.part === part)
        assert.ok(at >= 0, `${href} has a column ${name}`)
        const isMoney = /US\$/.test(name)
        return sum(rows, ({ cells }) => (isMoney ? micros(cells[at].title) : int(cells[at].text)))
    }

    function meaning({ title, row, column }) {
        if (title === 'Money') return [columns[row], false]
        if (title === 'Batches by state') return column === 'Batches' ? [undefined, false] : ['Tasks', false]
        if (title === 'Tasks by state') return [tasks[row], false]
        if (column === 'Ordered') return ['Of these: tasks', true]
        if (column === 'Failed tasks') return ['Of these: failed', true]
        if (column === 'Refunded') return ['Refunded', true]
        if (column === 'Sunk, US$') return ['Sunk, US$', true]
        return []
    }

    check('every number leads to batches and equals the sum of their column', async page => {
        await page.goto('/admin?window=30d')
        const first = await read(page)
        assert.ok(first.length > 25, `${first.length} figures`)
        for (const { title, row, column } of first) {
            // Batches run while this walks: what moved is looked at again, together.
            for (let left = 4; ; left -= 1) {
                await page.goto('/admin?window=30d')
                const figure = (await read(page)).find(found => found.title === title && found.row === row && found.column === column)
                if (!figure) break
                const [name, part] = meaning(figure)
                assert.ok(name !== undefined || column === 'Batches', `nobody knows what ${title} ${row} ${column} is`)
                const said = /US\$/.test(name ?? '') ? micros(figure.exact) : int(figure.text)
                const rows = await listed(page, figure.href, name, part)
                if (said === rows) break
                assert.ok(left > 0, `${title}, ${row} ${column}: ${said}, and its rows are ${rows}: ${figure.href}`)
                await new Promise(resolve => setTimeout(resolve, 4_500))
            }
        }
    })
})
