//! The price page. Every figure on it is the catalogue's of this moment, or follows from it.

use leptos::prelude::*;

use super::words::{self, SiteWords};
use super::{Contact, PRICING, Seller, structured};
use crate::console::i18n::{Lang, Language};
use crate::domain::batch_list::Day;
use crate::domain::money::Money;
use crate::domain::offer::{NoQuote, Offer, QUOTE_VIDEOS_MAX, Quote, display_name, dollars, percent};
use crate::domain::price::{CREDIT_LIST_PRICE, Model, Package, list_price};
use crate::domain::time::Time;

/// What the calculator shows when nobody has asked yet.
const VIDEOS_DEFAULT: i64 = 5_000;

/// What the calculator was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    model: String,
    /// As it was written.
    written: String,
    /// `None` for what is no number.
    videos: Option<i64>,
}

impl Asked {
    /// Whatever is not known is the first model, and a number that shows a package.
    pub fn read(model: Option<&str>, videos: Option<&str>, offer: &Offer) -> Self {
        let model = model.filter(|name| offer.models.iter().any(|model| model.name == *name));
        let model = model.or_else(|| offer.models.first().map(|model| model.name.as_str())).unwrap_or_default().to_owned();
        let written: String = videos.map_or_else(|| VIDEOS_DEFAULT.to_string(), |text| text.trim().chars().take(20).collect());
        let videos = written.replace([',', ' '], "").parse().ok();
        Self { model, written, videos }
    }
}

pub struct Page<'p> {
    pub lang: Lang,
    pub offer: &'p Offer,
    pub seller: &'p Seller,
    pub asked: Asked,
    pub tasks_max: usize,
    pub now: Time,
}

impl Page<'_> {
    pub fn html(&self) -> String {
        Owner::new().with(|| self.document().to_html())
    }

    fn words(&self) -> &'static SiteWords {
        words::of(self.lang)
    }

    fn document(&self) -> AnyView {
        let words = self.words();
        let data = structured::data(words.title, words.lead, self.seller, self.offer);
        let title = format!("{} · {}", words.title, self.seller.name);
        view! {
            <!DOCTYPE html>
            <html lang=self.lang.tag()>
                <head>
                    <meta charset="utf-8" />
                    <title>{title}</title>
                    <meta name="description" content=words.lead />
                    <meta name="viewport" content="width=device-width, initial-scale=1" />
                    <meta name="color-scheme" content="light dark" />
                    <link rel="icon" type="image/svg+xml" href="/favicon.svg" />
                    <link rel="stylesheet" href="/pricing/style.css" />
                    <link rel="alternate" hreflang="en" href="/pricing?lang=en" />
                    <link rel="alternate" hreflang="zh-Hans" href="/pricing?lang=zh" />
                    <script type="module" src="/pricing/live.js"></script>
                    <script type="application/ld+json" inner_html=data></script>
                </head>
                <body>
                    <a class="skip" href="#main">
                        {words.skip}
                    </a>
                    {self.header()}
                    <main id="main">
                        <h1>{words.heading}</h1>
                        <p class="lead">{words.lead}</p>
                        {self.models()}
                        {self.packages()}
                        {self.calculator()}
                        {self.promises()}
                    </main>
                    <footer>
                        {self.contact()}
                        <p>{words.as_of} " " {Day::of(self.now).to_string()}</p>
                    </footer>
                </body>
            </html>
        }
        .into_any()
    }

    /// Nothing, where nobody said whom to ask.
    fn contact(&self) -> AnyView {
        let link = |contact: &Contact| {
            view! {
                <p>
                    {self.words().contact} " " <a href=contact.href()>{contact.as_str().to_owned()}</a>
                </p>
            }
        };
        self.seller.contact.as_ref().map(link).into_any()
    }

    fn header(&self) -> AnyView {
        let words = self.words();
        let languages = Language::ALL.into_iter().map(|language| {
            let here = language == self.lang.language();
            let href = format!("{PRICING}?lang={}", language.word());
            view! {
                <a href=href lang=language.tag() hreflang=language.tag() aria-current=here.then_some("true")>
                    {language.name()}
                </a>
            }
        });
        view! {
            <header>
                <b>{self.seller.name.clone()}</b>
                <a href="/docs/api">{words.api}</a>
                <nav aria-label=words.language>{languages.collect_view()}</nav>
            </header>
        }
        .into_any()
    }

    fn models(&self) -> AnyView {
        let (lang, words) = (self.lang, self.words());
        let row = |model: &Model| {
            let price = list_price(model.price.credits).unwrap_or_default();
            let least = Money::from_micros(price.micros().saturating_mul(i64::from(model.batch_min)));
            view! {
                <tr>
                    <th scope="row">{display_name(&model.name)}</th>
                    <td class="price">{dollars(price)}</td>
                    <td>{lang.credits(model.price.credits)}</td>
                    <td>{counted(lang.number(model.batch_min.into()), words.videos_unit)}</td>
                    <td>{dollars(least)}</td>
                    <td>{counted(minutes(model.target_p95_s), words.minutes_unit)}</td>
                    <td>{counted(minutes(model.deadline_s), words.minutes_unit)}</td>
                </tr>
            }
        };
        let rows = self.offer.models.iter().map(row).collect_view();
        let heads = [words.price, words.credits, words.smallest_batch, words.smallest_order, words.target, words.deadline];
        section(
            "models",
            words.models,
            table(words.model, &heads.map(str::to_owned), rows.into_any()),
            format!("{} {}", words.models_note, dollars(CREDIT_LIST_PRICE)),
        )
    }

    fn packages(&self) -> AnyView {
        if self.offer.packages.is_empty() {
            return ().into_any();
        }
        let (lang, words) = (self.lang, self.words());
        let models = &self.offer.models;
        let row = |package: &Package| {
            let of_model = |model: &Model| {
                let videos = package.videos(model.price.credits).map(|videos| lang.number(videos));
                let price = package.price_of(model.price.credits).map(dollars);
                view! {
                    <td>{videos.map(|videos| counted(videos, words.videos_unit))}<small>"≈ " {price}</small></td>
                }
            };
            view! {
                <tr>
                    <th scope="row">{package.name.clone()}</th>
                    <td class="price">{dollars(package.paid)}</td>
                    <td>{lang.credits(package.credits)}</td>
                    <td>{package.discount_permille().map(percent)}</td>
                    {models.iter().map(of_model).collect_view()}
                </tr>
            }
        };
        let rows = self.offer.packages.iter().map(row).collect_view();
        let fixed = [words.you_pay, words.credits, words.discount].into_iter().map(str::to_owned);
        let heads: Vec<String> = fixed.chain(models.iter().map(|model| display_name(&model.name))).collect();
        section("packages", words.packages, table(words.package, &heads, rows.into_any()), words.packages_note.to_owned())
    }

    fn calculator(&self) -> AnyView {
        let words = self.words();
        let options = self.offer.models.iter().map(|model| {
            view! {
                <option value=model.name.clone() selected=model.name == self.asked.model>
                    {display_name(&model.name)}
                </option>
            }
        });
        view! {
            <section aria-labelledby="calculator">
                <h2 id="calculator">{words.calculator}</h2>
                <form method="get" action="/pricing#calculator">
                    <input type="hidden" name="lang" value=self.lang.language().word() />
                    <label>
                        <span>{words.model}</span>
                        <select name="model">{options.collect_view()}</select>
                    </label>
                    <label>
                        <span>{words.how_many}</span>
                        <input
                            type="number"
                            name="videos"
                            min="1"
                            max=QUOTE_VIDEOS_MAX.to_string()
                            step="1"
                            inputmode="numeric"
                            required=true
                            value=self.asked.written.clone()
                        />
                    </label>
                    <button type="submit">{words.calculate}</button>
                </form>
                <div id="quote" role="status">
                    {self.answer()}
                </div>
                <p class="note">{words.quote}</p>
            </section>
        }
        .into_any()
    }

    fn answer(&self) -> AnyView {
        let (lang, words) = (self.lang, self.words());
        let name = display_name(&self.asked.model);
        let quote = self.asked.videos.map(|videos| self.offer.quote(&self.asked.model, videos));
        let refusal = match quote {
            Some(Ok(quote)) => return self.quote(&quote),
            Some(Err(NoQuote::UnderMinimum { min })) => words::under_minimum(lang, &name, &lang.number(min)),
            Some(Err(NoQuote::TooMany | NoQuote::UnknownModel)) => words.too_many.to_owned(),
            None => words.not_a_number.to_owned(),
        };
        view! { <p class="refusal">{refusal}</p> }.into_any()
    }

    fn quote(&self, quote: &Quote) -> AnyView {
        let (lang, words) = (self.lang, self.words());
        let best = &quote.best;
        let mut parts: Vec<String> = best
            .packages
            .iter()
            .map(|(package, count)| format!("{} × {} ({})", lang.number(*count), package.name, dollars(package.paid)))
            .collect();
        if parts.is_empty() {
            parts.push(words.no_package.to_owned());
        } else if !best.loose.is_zero() {
            parts.push(format!("{} {}", lang.credits(best.loose), words.loose));
        }
        let saving = quote.list.checked_sub(best.pay).ok().filter(|saving| *saving > Money::ZERO);
        let saving = saving.map(|saving| {
            let share = saving.permille_of(quote.list).map(percent).unwrap_or_default();
            fact(words.saving, format!("{} ({share})", dollars(saving)))
        });
        let batches = quote.videos.unsigned_abs().div_ceil(u64::try_from(self.tasks_max.max(1)).unwrap_or(u64::MAX));
        view! {
            <p class="best">
                <small>{format!("{}: {} × {}", words.best, lang.number(quote.videos), display_name(&quote.model))}</small>
                <strong>{dollars(best.pay)}</strong>
                <span>{parts.join(" + ")}</span>
            </p>
            <dl>
                {fact(words.list, dollars(quote.list))}
                {saving}
                {fact(words.needed, lang.credits(quote.credits))}
                {(!best.left.is_zero()).then(|| fact(words.wallet, lang.credits(best.left)))}
                {fact(words.smallest_batch, counted(lang.number(quote.batch_min), words.videos_unit))}
                {fact(words.batches, lang.number(i64::try_from(batches).unwrap_or(i64::MAX)))}
            </dl>
        }
        .into_any()
    }

    fn promises(&self) -> AnyView {
        let words = self.words();
        let promises = [
            words.promise_refund,
            words.promise_once,
            words.promise_ledger,
            words.promise_cancel,
            words.promise_webhooks,
            words.promise_expiry,
        ];
        let items = promises.map(|text| view! { <li>{text}</li> });
        view! {
            <section aria-labelledby="promises">
                <h2 id="promises">{words.promises}</h2>
                <ul>{items.into_iter().collect_view()}</ul>
            </section>
        }
        .into_any()
    }
}

fn section(id: &'static str, heading: &'static str, inside: AnyView, note: String) -> AnyView {
    view! {
        <section aria-labelledby=id>
            <h2 id=id>{heading}</h2>
            {inside}
            <p class="note">{note}</p>
        </section>
    }
    .into_any()
}

/// Wider than a telephone it may be: then it moves by itself, and by keyboard.
fn table(first: &'static str, heads: &[String], rows: AnyView) -> AnyView {
    let heads = heads.iter().map(|head| view! { <th scope="col">{head.clone()}</th> }).collect_view();
    view! {
        <div class="wide" tabindex="0" role="region" aria-label=first>
            <table>
                <thead>
                    <tr>
                        <th scope="col">{first}</th>
                        {heads}
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
    .into_any()
}

fn fact(name: &'static str, value: String) -> AnyView {
    view! {
        <div>
            <dt>{name}</dt>
            <dd>{value}</dd>
        </div>
    }
    .into_any()
}

fn counted(number: String, unit: &'static str) -> String {
    format!("{number} {unit}")
}

fn minutes(seconds: i64) -> String {
    if seconds % 60 == 0 { (seconds / 60).to_string() } else { format!("{}.{}", seconds / 60, seconds % 60 / 6) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_cannot_be_read_is_as_if_it_were_not_there() {
        let offer = Offer::default();
        let asked = Asked::read(Some("<b>"), None, &offer);
        assert_eq!((asked.model.as_str(), asked.videos), ("", Some(VIDEOS_DEFAULT)));
        assert_eq!(Asked::read(None, Some("1,200"), &offer).videos, Some(1_200));
        assert_eq!(Asked::read(None, Some("many"), &offer).videos, None);
        let page = Page { lang: Lang::EN, offer: &offer, seller: &Seller::default(), asked, tasks_max: 10, now: Time::from_micros(0) };
        assert!(page.html().starts_with("<!DOCTYPE html>"), "an empty catalogue makes a page too");
    }
}
