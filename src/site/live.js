// While somebody types, the same question is asked that the button asks; the answer of the page that comes is shown in this one.
const form = document.querySelector('form')
const answer = document.querySelector('#quote')
let latest
form.addEventListener('input', () => {
    clearTimeout(latest)
    const mine = latest = setTimeout(async () => {
        const address = `${location.pathname}?${new URLSearchParams(new FormData(form))}`
        const page = await fetch(address).then(response => response.ok && response.text()).catch(() => null)
        if (!page || mine !== latest) return
        answer.replaceChildren(...new DOMParser().parseFromString(page, 'text/html').querySelector('#quote').childNodes)
        history.replaceState(null, '', address)
    }, 200)
})
