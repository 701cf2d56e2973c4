// A customer of a test's own, who orders through the API and waits until it is made.
import { execFileSync } from 'node:child_process'
import assert from 'node:assert/strict'
import { baseUrl } from './browser.mjs'

const program = process.env.BATCHBOOK ?? '../target/debug/batchbook'
const waitMs = 150_000

/** What a command of the program says. */
export function batchbook(...args) {
    return JSON.parse(execFileSync(program, [...args, '--json'], { encoding: 'utf8' }))
}

export class Orderer {
    constructor(name, email) {
        this.customer = batchbook('customer', 'add', '--name', name, '--email', email).id
        batchbook('customer', 'grant', this.customer, '--credits', '100000', '--paid-usd', '1000', '--reason', 'test')
        this.key = batchbook('key', 'add', '--customer', this.customer).secret
    }

    /** Orders and returns the id of the batch; the same name again is the same order. */
    async submit(name, items) {
        const answer = await fetch(`${baseUrl}/api/v1/batches`, {
            method: 'POST',
            headers: { authorization: `Bearer ${this.key}`, 'content-type': 'application/json', 'idempotency-key': name },
            body: JSON.stringify({ model: 'sora-2', items }),
        })
        assert.equal(answer.status, 201, await answer.clone().text())
        return (await answer.json()).id
    }

    /** As the customer sees it. */
    async batch(id) {
        return (await fetch(`${baseUrl}/api/v1/batches/${id}`, { headers: { authorization: `Bearer ${this.key}` } })).json()
    }

    finished(id) {
        return this.ended(id, Infinity)
    }

    /** Waits until so many tasks have ended, or all of them. */
    async ended(id, tasks) {
        const until = Date.now() + waitMs
        for (;;) {
            const { counts } = await this.batch(id)
            const open = counts.pending + counts.processing
            if (open === 0 || counts.total - open >= tasks) return
            assert.ok(Date.now() < until, `${id} comes so far in time`)
            await new Promise(resolve => setTimeout(resolve, 300))
        }
    }
}
