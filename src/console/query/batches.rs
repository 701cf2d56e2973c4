//! `/admin/batches?state=partial,failed&customer=cus_…&sort=profit&order=asc&cols=state,customer,profit&after=…`

use super::{Href, Params, ROWS};
use crate::domain::batch::BatchStatus;
use crate::domain::batch_list::{BatchFilter, BatchSort, Order, Place};
use crate::domain::page::PageSize;
use crate::domain::word::words;

words! {
    /// Columns of the list besides the batch itself, which is always shown.
    Column {
        State = "state",
        Customer = "customer",
        Model = "model",
        Progress = "progress",
        Tasks = "tasks",
        Ok = "ok",
        Failed = "failed",
        Canceled = "canceled",
        Waiting = "waiting",
        Running = "running",
        Held = "held",
        Charged = "charged",
        Refunded = "refunded",
        StillHeld = "still_held",
        Revenue = "revenue",
        Cost = "cost",
        Profit = "profit",
        Margin = "margin",
        Created = "created",
        Finished = "finished",
        Duration = "duration",
    }
}

/// Which columns are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns(u32);

impl Default for Columns {
    /// All but what other columns tell well enough.
    fn default() -> Self {
        use Column::{Canceled, Cost, Finished, Revenue, Running, StillHeld, Waiting};
        let hidden = [Canceled, Waiting, Running, StillHeld, Revenue, Cost, Finished];
        Self(Column::ALL.iter().filter(|column| !hidden.contains(column)).fold(0, |set, column| set | 1 << *column as u32))
    }
}

impl Columns {
    pub const fn has(self, column: Column) -> bool {
        self.0 & (1 << column as u32) != 0
    }

    #[must_use]
    pub const fn toggled(self, column: Column) -> Self {
        Self(self.0 ^ (1 << column as u32))
    }

    /// With these too.
    #[must_use]
    pub fn and(self, columns: &[Column]) -> Self {
        Self(columns.iter().fold(self.0, |set, column| set | 1 << *column as u32))
    }

    pub fn iter(self) -> impl Iterator<Item = Column> {
        Column::ALL.iter().copied().filter(move |column| self.has(*column))
    }

    /// Unknown words are left out; where none is left, the default is shown.
    fn read(text: &str) -> Self {
        let known = text.split(',').filter_map(|word| word.parse::<Column>().ok());
        let set = known.fold(0, |set, column| set | 1 << column as u32);
        if set == 0 { Self::default() } else { Self(set) }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchesQuery {
    pub filter: BatchFilter,
    pub sort: BatchSort,
    pub order: Order,
    pub size: PageSize,
    pub columns: Columns,
    pub place: Place,
}

impl Default for BatchesQuery {
    fn default() -> Self {
        Self {
            filter: BatchFilter::default(),
            sort: BatchSort::Created,
            order: Order::Descending,
            size: PageSize::default(),
            columns: Columns::default(),
            place: Place::Start,
        }
    }
}

impl BatchesQuery {
    pub const PATH: &'static str = "/admin/batches";
    /// The same rows as a file.
    pub const CSV_PATH: &'static str = "/api/admin/batches.csv";

    /// `None` at the address of another page.
    pub fn at(path: &str, params: Params) -> Option<Self> {
        (path.trim_end_matches('/') == Self::PATH).then(|| Self::of(params))
    }

    pub fn of(params: Params) -> Self {
        let default = Self::default();
        let cursor = |name| params(name).and_then(|text| text.parse().ok());
        let place = cursor("after").map(Place::After).or_else(|| cursor("before").map(Place::Before)).unwrap_or_default();
        let size = params("size").and_then(|text| text.parse().ok()).filter(|rows| ROWS.contains(rows));
        Self {
            filter: BatchFilter::read(params),
            sort: params("sort").and_then(|word| word.parse().ok()).unwrap_or(default.sort),
            order: params("order").and_then(|word| word.parse().ok()).unwrap_or(default.order),
            size: size.and_then(|rows| PageSize::new(rows).ok()).unwrap_or_default(),
            columns: params("cols").map_or(default.columns, |text| Columns::read(&text)),
            place,
        }
    }

    /// Reads what stands behind the question mark of an address.
    pub fn read(query: &str) -> Self {
        let pairs: Vec<(String, String)> =
            query.split('&').filter_map(|pair| pair.split_once('=')).map(|(name, value)| (name.to_owned(), unescape(value))).collect();
        Self::of(&|name| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone()))
    }

    /// Names and values of what differs from the default; the filter and the place apart.
    pub fn view_pairs(&self) -> Vec<(&'static str, String)> {
        let default = Self::default();
        let mut pairs = Vec::new();
        let mut put = |name, differs: bool, value: String| pairs.extend(differs.then_some((name, value)));
        put("sort", self.sort != default.sort, self.sort.to_string());
        put("order", self.order != default.order, self.order.to_string());
        put("size", self.size != default.size, self.size.get().to_string());
        let columns: Vec<&str> = self.columns.iter().map(Column::as_str).collect();
        put("cols", self.columns != default.columns, columns.join(","));
        pairs
    }

    /// What stands behind the question mark; empty for the default.
    pub fn to_query(&self) -> String {
        let mut pairs = self.filter.pairs();
        pairs.extend(self.view_pairs());
        match self.place {
            Place::Start => {}
            Place::After(cursor) => pairs.push(("after", cursor.to_string())),
            Place::Before(cursor) => pairs.push(("before", cursor.to_string())),
        }
        let mut href = Href::to(String::new());
        for (name, value) in pairs {
            href.with(name, Some(value));
        }
        href.0.trim_start_matches('?').to_owned()
    }

    pub fn to_href(&self) -> String {
        to_address(Self::PATH, &self.to_query())
    }

    /// All rows of this list in its order, whatever page is shown.
    pub fn to_csv_href(&self) -> String {
        to_address(Self::CSV_PATH, &Self { columns: Columns::default(), size: PageSize::default(), ..self.start() }.to_query())
    }

    /// The first page.
    #[must_use]
    pub fn start(&self) -> Self {
        Self { place: Place::Start, ..self.clone() }
    }

    #[must_use]
    pub fn place(&self, place: Place) -> Self {
        Self { place, ..self.clone() }
    }

    /// From the start, with another filter.
    #[must_use]
    pub fn filtered(&self, change: impl FnOnce(&mut BatchFilter)) -> Self {
        let mut changed = self.start();
        change(&mut changed.filter);
        changed
    }

    #[must_use]
    pub fn toggled_status(&self, status: BatchStatus) -> Self {
        self.filtered(|filter| filter.statuses = filter.statuses.toggled(status))
    }

    #[must_use]
    pub fn without_filter(&self) -> Self {
        self.filtered(|filter| *filter = BatchFilter::default())
    }

    #[must_use]
    pub fn columns(&self, columns: Columns) -> Self {
        Self { columns, ..self.clone() }
    }

    #[must_use]
    pub fn size(&self, size: PageSize) -> Self {
        Self { size, ..self.start() }
    }

    /// By another column, the most first; by the same one the other way round.
    #[must_use]
    pub fn sorted(&self, sort: BatchSort) -> Self {
        let order = if sort == self.sort { self.order.reversed() } else { Order::Descending };
        Self { sort, order, ..self.start() }
    }
}

fn to_address(path: &str, query: &str) -> String {
    if query.is_empty() { path.to_owned() } else { format!("{path}?{query}") }
}

/// As browsers and the router do it; what is damaged stands for itself.
fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let hex = |at: usize| bytes.get(at).and_then(|digit| char::from(*digit).to_digit(16)).and_then(|digit| u8::try_from(digit).ok());
    let mut read = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        match (bytes[at], hex(at + 1), hex(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                read.push(high << 4 | low);
                at += 2;
            }
            (b'+', ..) => read.push(b' '),
            (byte, ..) => read.push(byte),
        }
        at += 1;
    }
    String::from_utf8_lossy(&read).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::batch_list::{Cursor, Statuses};
    use crate::domain::failure::Party;

    fn query() -> BatchesQuery {
        let filter = BatchFilter {
            statuses: Statuses::of(&[BatchStatus::Partial, BatchStatus::Failed]),
            model: Some("a model & 视频=?#%+".to_owned()),
            party: Some(Party::Provider),
            refund_over: Some(1_000),
            unreadable: vec![("customer", "Ac me&x=1".to_owned())],
            ..BatchFilter::default()
        };
        BatchesQuery { filter, ..BatchesQuery::default() }
    }

    fn reads_back(query: &BatchesQuery) {
        let href = query.to_href();
        assert_eq!(&BatchesQuery::read(href.split_once('?').map_or("", |(_, query)| query)), query, "{href}");
    }

    #[test]
    fn the_list_reads_what_it_writes() {
        let id = "bat_00fkqz1b3r000000000000000g".parse().unwrap();
        for base in [BatchesQuery::default(), query()] {
            for sort in BatchSort::ALL {
                for order in Order::ALL {
                    for place in [Place::Start, Place::After(Cursor { value: -7, id }), Place::Before(Cursor { value: 0, id })] {
                        for rows in ROWS {
                            let size = PageSize::new(rows).unwrap();
                            reads_back(&BatchesQuery { sort: *sort, order: *order, place, size, ..base.clone() });
                        }
                    }
                }
            }
            for column in Column::ALL {
                reads_back(&base.columns(base.columns.toggled(*column)));
            }
        }
    }

    #[test]
    fn links_leave_defaults_out() {
        let default = BatchesQuery::default();
        assert_eq!(default.to_href(), "/admin/batches");
        assert_eq!(default.to_csv_href(), "/api/admin/batches.csv");
        assert_eq!(default.toggled_status(BatchStatus::Failed).to_href(), "/admin/batches?state=failed");
        assert_eq!(default.toggled_status(BatchStatus::Failed).toggled_status(BatchStatus::Failed), default);
        assert_eq!(default.sorted(BatchSort::Profit).to_href(), "/admin/batches?sort=profit");
        assert_eq!(default.sorted(BatchSort::Profit).sorted(BatchSort::Profit).to_href(), "/admin/batches?sort=profit&order=asc");
        assert_eq!(query().without_filter(), default);
    }

    #[test]
    fn another_filter_or_order_starts_at_the_first_page() {
        let cursor = Cursor { value: 3, id: "bat_00fkqz1b3r000000000000000g".parse().unwrap() };
        let deep = BatchesQuery::default().place(Place::After(cursor));
        assert_eq!(deep.sorted(BatchSort::Failed).place, Place::Start);
        assert_eq!(deep.filtered(|filter| filter.losses = true).place, Place::Start);
        assert_eq!(deep.size(PageSize::new(100).unwrap()).place, Place::Start);
        assert_eq!(deep.columns(Columns::default().toggled(Column::Margin)).place, Place::After(cursor));
    }

    #[test]
    fn nonsense_about_the_view_is_the_default() {
        for nonsense in ["sort=luck", "order=up", "size=7", "cols=", "cols=a,b", "after=xyz", "before=1.2", "page=2"] {
            assert_eq!(BatchesQuery::read(nonsense), BatchesQuery::default(), "{nonsense}");
        }
        assert!(!BatchesQuery::read("state=done").filter.is_default(), "nonsense about the rows is not everything");
    }

    #[test]
    fn a_damaged_escape_is_read_as_it_stands() {
        assert_eq!([unescape("a%2"), unescape("%zz"), unescape("a+b%20c"), unescape("%ff")], ["a%2", "%zz", "a b c", "\u{fffd}"]);
    }
}
