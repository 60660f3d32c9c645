//! Takes keys out of TOML tables, and refuses those that are missing, malformed or unknown.

use toml::de::{DeTable, DeValue};
use toml::{Spanned, map::Map};

use super::{At, Class, Notes};

/// A table from which keys are taken one by one; what is left in the end is unknown.
pub(super) struct Reader<'t> {
    table: DeTable<'t>,
    pub(super) line: usize,
    what: String,
    notes: &'t Notes<'t>,
}

impl<'t> Reader<'t> {
    /// Reads the whole file, or says why it is no TOML.
    pub(super) fn file(text: &'t str, notes: &'t Notes<'t>) -> Option<Self> {
        let (table, errors) = DeTable::parse_recoverable(text);
        for error in &errors {
            let offset = error.span().map_or(0, |span| span.start);
            notes.refuse(notes.line_of(offset), format!("not TOML: {}", error.message()));
        }
        let (table, what) = (table.into_inner(), "the machine".to_owned());
        Some(Self { table, line: 1, what, notes }).filter(|_| errors.is_empty())
    }

    pub(super) fn empty(&self, what: &str) -> Self {
        Self { table: Map::new(), line: self.line, what: what.into(), notes: self.notes }
    }

    pub(super) fn finish(self) {
        for key in self.table.keys() {
            let line = self.notes.line_of(key.span().start);
            let (key, what) = (key.get_ref(), &self.what);
            let message =
                format!("unknown key `{key}` in {what}: remove it, or correct its spelling or its place");
            self.notes.refuse(line, message);
        }
    }

    /// Takes the name, and calls the table by it from now on.
    pub(super) fn name(&mut self) -> Option<At<String>> {
        let name = self.text("name")?;
        self.what = format!("{} `{}`", self.what, name.value);
        Some(name)
    }

    pub(super) fn text(&mut self, key: &str) -> Option<At<String>> {
        self.require(key);
        self.text_if(key)
    }

    pub(super) fn text_if(&mut self, key: &str) -> Option<At<String>> {
        self.take(key, "a text that is not empty", as_text)
    }

    pub(super) fn number(&mut self, key: &str) -> Option<At<u16>> {
        self.require(key);
        self.take(key, "a whole number from 1 to 65535", as_number)
    }

    pub(super) fn numbers(&mut self, key: &str) -> Vec<u16> {
        let numbers = self.take(key, "a list of whole numbers", |value| {
            value.as_array()?.iter().map(|number| as_number(number.get_ref())).collect()
        });
        numbers.map(|numbers| numbers.value).unwrap_or_default()
    }

    pub(super) fn flag(&mut self, key: &str) -> bool {
        let flag = self.take(key, "true or false", DeValue::as_bool);
        flag.is_some_and(|flag| flag.value)
    }

    /// Takes one text or a list of texts; none is not a list.
    pub(super) fn words(&mut self, key: &str) -> Option<Vec<At<String>>> {
        self.require(key);
        let notes = self.notes;
        let word = |value: &Spanned<DeValue<'_>>| {
            let line = notes.line_of(value.span().start);
            as_text(value.get_ref()).map(|value| At { value, line })
        };
        let wanted = "a text or a list of texts that is not empty";
        let words = self.take_spanned(key, wanted, |value| match value.get_ref().as_array() {
            Some(list) if list.is_empty() => None,
            Some(list) => list.iter().map(word).collect(),
            None => word(value).map(|word| vec![word]),
        });
        words.map(|words| words.value)
    }

    /// Takes a table whose keys are names and whose values say what they mean.
    pub(super) fn classes(mut self) -> Vec<Class> {
        let mut keys: Vec<_> = self.table.keys().cloned().collect();
        keys.sort_by_key(|key| key.span().start);
        let class = |key: Spanned<_>| {
            let line = self.notes.line_of(key.span().start);
            let value: String = std::borrow::Cow::into_owned(key.into_inner());
            let about = self.text(&value).map(|about| about.value).unwrap_or_default();
            Class { name: At { value, line }, about }
        };
        keys.into_iter().map(class).collect()
    }

    pub(super) fn table(&mut self, key: &str) -> Option<Self> {
        let what = match self.what.strip_suffix(']') {
            Some(outer) => format!("{outer}.{key}]"),
            None => format!("[{key}]"),
        };
        let notes = self.notes;
        let table = self.take(key, "a table", |value| value.as_table().cloned())?;
        Some(Self { table: table.value, line: table.line, what, notes })
    }

    /// Reads each table of a list of tables; a missing list is an empty one.
    pub(super) fn each<T>(&mut self, key: &str, read: impl Fn(Self) -> Option<T>) -> Option<Vec<T>> {
        if !self.table.contains_key(key) {
            return Some(Vec::new());
        }
        let notes = self.notes;
        let reader = |value: &Spanned<DeValue<'t>>| {
            let table = value.get_ref().as_table()?.clone();
            let line = notes.line_of(value.span().start);
            Some(Self { table, line, what: key.to_owned(), notes })
        };
        let wanted = format!("a list of tables, each under [[{key}]]");
        let readers: Option<At<Vec<_>>> = self
            .take(key, &wanted, |value| value.as_array().and_then(|list| list.iter().map(reader).collect()));
        let read: Vec<_> = readers?.value.into_iter().map(read).collect();
        read.into_iter().collect()
    }

    fn require(&self, key: &str) {
        if !self.table.contains_key(key) {
            self.notes.refuse(self.line, format!("{} has no `{key}`: add it", self.what));
        }
    }

    fn take<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&DeValue<'t>) -> Option<T>,
    ) -> Option<At<T>> {
        self.take_spanned(key, wanted, |value| read(value.get_ref()))
    }

    fn take_spanned<T>(
        &mut self,
        key: &str,
        wanted: &str,
        read: impl FnOnce(&Spanned<DeValue<'t>>) -> Option<T>,
    ) -> Option<At<T>> {
        let value = self.table.remove(key)?;
        let line = self.notes.line_of(value.span().start);
        let taken = read(&value).map(|value| At { value, line });
        if taken.is_none() {
            self.notes.refuse(line, format!("`{key}` of {} must be {wanted}", self.what));
        }
        taken
    }
}

fn as_text(value: &DeValue<'_>) -> Option<String> {
    value.as_str().filter(|text| !text.trim().is_empty()).map(str::to_owned)
}

fn as_number(value: &DeValue<'_>) -> Option<u16> {
    let number = value.as_integer()?;
    u16::from_str_radix(number.as_str(), number.radix()).ok()
}
