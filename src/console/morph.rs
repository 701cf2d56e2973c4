//! Makes what is in a page like what the server has written now. What is the same is not touched, so the focus, a selection, what
//! was written into a field and what was unfolded stay.

use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlInputElement, HtmlOptionElement, HtmlTextAreaElement, Node};

/// Makes the children of `old` like those of `new`, which is used up. `asked` is whether somebody asked for other content: then
/// fields show what the page says, else they keep what was written.
pub fn children(old: &Node, new: &Node, asked: bool) {
    let mut place = old.first_child();
    while let Some(wanted) = new.first_child() {
        let found = place.clone().into_iter().chain(later(place.as_ref(), &wanted)).find(|candidate| are_alike(candidate, &wanted));
        match found {
            Some(found) => {
                if place.as_ref() == Some(&found) {
                    place = found.next_sibling();
                } else {
                    put(old, &found, place.as_ref());
                }
                // Taken out first, so that the next one is first.
                remove(new, &wanted);
                node(&found, &wanted, asked);
            }
            None => put(old, &wanted, place.as_ref()),
        }
    }
    while let Some(surplus) = place {
        place = surplus.next_sibling();
        remove(old, &surplus);
    }
}

/// Puts the children of `new` in the place of those of `old`.
pub fn replace_children(old: &Node, new: &Node) {
    old.set_text_content(None);
    while let Some(child) = new.first_child() {
        put(old, &child, None);
    }
}

/// The node after `place` that has the id of `wanted`: what has an id may have moved.
fn later(place: Option<&Node>, wanted: &Node) -> Option<Node> {
    let id = id_of(wanted)?;
    let mut candidate = place?.next_sibling();
    while let Some(node) = candidate {
        if id_of(&node).as_ref() == Some(&id) {
            return Some(node);
        }
        candidate = node.next_sibling();
    }
    None
}

/// By its attribute: a form with a field named `id` would give the field.
fn id_of(node: &Node) -> Option<String> {
    node.dyn_ref::<Element>()?.get_attribute("id")
}

fn are_alike(old: &Node, new: &Node) -> bool {
    old.node_type() == new.node_type() && old.node_name() == new.node_name() && id_of(old) == id_of(new)
}

fn node(old: &Node, new: &Node, asked: bool) {
    if old.is_equal_node(Some(new)) {
        if asked {
            fields_of(old);
        }
        return;
    }
    match (old.dyn_ref::<Element>(), new.dyn_ref::<Element>()) {
        (Some(old_element), Some(new_element)) => {
            attributes(old_element, new_element);
            // Other rows were asked for: they come as they are, at once.
            if asked && old.node_name() == "TBODY" {
                return replace_children(old, new);
            }
            children(old, new, asked);
            if asked {
                fields_of(old);
            }
        }
        _ => old.set_node_value(new.node_value().as_deref()),
    }
}

fn attributes(old: &Element, new: &Element) {
    for name in names(new) {
        let value = new.get_attribute(&name).unwrap_or_default();
        if old.get_attribute(&name).as_ref() != Some(&value) {
            // The parser has let the name through.
            let _ = old.set_attribute(&name, &value);
        }
    }
    for name in names(old) {
        // Whoever unfolded something wants to see it.
        let unfolded = name == "open" && old.tag_name() == "DETAILS";
        if !new.has_attribute(&name) && !unfolded {
            let _ = old.remove_attribute(&name);
        }
    }
}

fn names(element: &Element) -> Vec<String> {
    element.get_attribute_names().iter().filter_map(|name| name.as_string()).collect()
}

/// A field shows what was written into it last, not what its attribute says.
fn fields_of(node: &Node) {
    if let Some(input) = node.dyn_ref::<HtmlInputElement>() {
        match input.type_().as_str() {
            "checkbox" | "radio" => input.set_checked(input.default_checked()),
            "hidden" | "submit" => {}
            _ => input.set_value(&input.default_value()),
        }
    } else if let Some(text) = node.dyn_ref::<HtmlTextAreaElement>() {
        text.set_value(&text.default_value().unwrap_or_default());
    } else if let Some(option) = node.dyn_ref::<HtmlOptionElement>() {
        option.set_selected(option.default_selected());
    } else if let Some(element) = node.dyn_ref::<Element>() {
        // Only forms have fields.
        if let Ok(fields) = element.query_selector_all("input, textarea, option") {
            (0..fields.length()).filter_map(|at| fields.item(at)).for_each(|field| fields_of(&field));
        }
    }
}

/// Fails only for what cannot be a child, which the parser does not make.
fn put(parent: &Node, child: &Node, before: Option<&Node>) {
    let _ = parent.insert_before(child, before);
}

fn remove(parent: &Node, child: &Node) {
    let _ = parent.remove_child(child);
}
