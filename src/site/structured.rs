//! The offer for search engines, as schema.org has it.

use serde_json::{Value, json};

use crate::domain::money::Money;
use crate::domain::offer::{Offer, display_name};
use crate::domain::price::list_price;
use crate::site::{Contact, Seller};

/// JSON that is inert inside of a `script` element: no `<` is left in it.
pub fn data(name: &str, description: &str, seller: &Seller, offer: &Offer) -> String {
    let videos = offer.models.iter().filter_map(|model| {
        Some(json!({
            "@type": "Offer",
            "name": display_name(&model.name),
            "price": amount(list_price(model.price.credits)?),
            "priceCurrency": "USD",
            "eligibleQuantity": {"@type": "QuantitativeValue", "minValue": model.batch_min},
        }))
    });
    let packages = offer.packages.iter().map(|package| {
        json!({
            "@type": "Offer",
            "name": package.name,
            "price": amount(package.paid),
            "priceCurrency": "USD",
            "eligibleQuantity": {"@type": "QuantitativeValue", "value": package.credits, "unitText": "credits"},
        })
    });
    let data = json!({
        "@context": "https://schema.org",
        "@type": "Service",
        "name": name,
        "description": description,
        "provider": provider(seller),
        "hasOfferCatalog": {"@type": "OfferCatalog", "name": name, "itemListElement": videos.chain(packages).collect::<Vec<Value>>()},
    });
    data.to_string().replace('<', "\\u003c")
}

fn provider(seller: &Seller) -> Value {
    let mut organization = json!({"@type": "Organization", "name": seller.name});
    match &seller.contact {
        Some(Contact::Email(address)) => organization["email"] = json!(address),
        Some(Contact::Page(address)) => organization["url"] = json!(address),
        None => {}
    }
    organization
}

/// `0.49`, in cents.
fn amount(money: Money) -> String {
    let cents = money.micros() / 10_000;
    format!("{}.{:02}", cents / 100, cents % 100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_it_ends_its_script() {
        let seller = Seller { name: "<b>".to_owned(), contact: "sales@example.com".parse().ok() };
        let data = data("</script><b>", "d", &seller, &Offer::default());
        assert!(!data.contains('<'), "{data}");
        let read: Value = serde_json::from_str(&data).unwrap();
        assert_eq!(read["name"], "</script><b>");
        assert_eq!(read["provider"]["email"], "sales@example.com");
        assert_eq!(amount(Money::from_micros(490_000)), "0.49");
    }
}
