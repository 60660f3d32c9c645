//! The rows that the view does not hold yet, kept above those that it holds.
//!
//! Two layers: the active one takes every commit, the frozen one is on its way into the view. A
//! row in a layer hides the rows of the layers below it; a deleted one is a row without a value.
//! Owns the one lock that readers take. It never calls the disk under that lock.

use crate::store::plan::Writes;
use crate::store::read::Row;
use std::cmp::Ordering;
use std::iter::Peekable;
use std::ops::Range;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// What a row costs in memory besides its bytes: two vectors and its share of the tree.
const ROW_COST: usize = 80;

/// The layers above a view `V`, and the view.
pub(super) struct Overlay<V> {
    layers: RwLock<Layers<V>>,
}

struct Layers<V> {
    active: Writes,
    active_bytes: usize,
    frozen: Arc<Writes>,
    view: V,
    /// Grows whenever rows change their layer.
    turns: u64,
}

impl<V: Clone> Overlay<V> {
    pub(super) fn above(view: V) -> Self {
        let layers =
            Layers { active: Writes::new(), active_bytes: 0, frozen: Arc::default(), view, turns: 0 };
        Self { layers: RwLock::new(layers) }
    }

    /// Puts rows on top; gives the bytes of the active layer since.
    pub(super) fn put(&self, writes: Writes) -> usize {
        let mut layers = self.write();
        for (key, value) in writes {
            let cost = cost(&key, value.as_deref());
            layers.active_bytes += cost;
            let key_len = key.len();
            if let Some(before) = layers.active.insert(key, value) {
                layers.active_bytes -= ROW_COST + key_len + before.map_or(0, |value| value.len());
            }
        }
        layers.active_bytes
    }

    /// Says how many bytes the active layer holds.
    pub(super) fn active_bytes(&self) -> usize {
        self.read().active_bytes
    }

    /// Freezes the active layer; the one frozen before must have been [released](Self::release).
    pub(super) fn freeze(&self) -> Arc<Writes> {
        let mut layers = self.write();
        layers.frozen = Arc::new(std::mem::take(&mut layers.active));
        layers.active_bytes = 0;
        layers.turns += 1;
        Arc::clone(&layers.frozen)
    }

    /// Lets go of the frozen layer, whose rows the view holds now.
    pub(super) fn release(&self) {
        let mut layers = self.write();
        layers.frozen = Arc::default();
        layers.turns += 1;
    }

    /// Puts another view, which holds the same rows, below the layers.
    pub(super) fn exchange(&self, view: V) {
        let mut layers = self.write();
        layers.view = view;
        layers.turns += 1;
    }

    /// Gives the view.
    #[cfg(test)]
    pub(super) fn view(&self) -> V {
        self.read().view.clone()
    }

    /// Finds a row: `below` reads it from the view if no layer has it.
    pub(super) fn row<E>(
        &self,
        key: &[u8],
        below: impl FnOnce(V) -> Result<Option<Vec<u8>>, E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let view = {
            let layers = self.read();
            match layers.active.get(key).or_else(|| layers.frozen.get(key)) {
                Some(value) => return Ok(value.clone()),
                None => layers.view.clone(),
            }
        };
        // Whatever moved into the view meanwhile is newer than what was asked for, or the same.
        below(view)
    }

    /// Reads rows in order, `limit` at most: `below` reads as many from the view.
    pub(super) fn page<E>(
        &self,
        mut range: Range<Vec<u8>>,
        limit: usize,
        below: impl Fn(V, Range<Vec<u8>>, usize) -> Result<Vec<Row>, E>,
    ) -> Result<Vec<Row>, E> {
        let mut page = Vec::new();
        while page.len() < limit && range.start < range.end {
            let room = limit - page.len();
            let (view, turns) = {
                let layers = self.read();
                (layers.view.clone(), layers.turns)
            };
            let rows = below(view, range.clone(), room)?;
            // Above the last row read the view may have more, which the layers must not run past.
            let end = match rows.last() {
                Some((last, _)) if rows.len() == room => after(last),
                Some(_) | None => range.end.clone(),
            };
            let layers = self.read();
            if layers.turns != turns {
                // A row may have sunk into the view behind our back.
                continue;
            }
            let within = || range.start.clone()..end.clone();
            let upper = over(layers.active.range(within()), layers.frozen.range(within()));
            let lower: Vec<_> = rows.into_iter().map(|(key, value)| (key, Some(value))).collect();
            let all = over(upper, lower.iter().map(|(key, value)| (key, value)));
            let live = all.filter_map(|(key, value)| Some((key.clone(), value.clone()?)));
            page.extend(live.take(room));
            drop(layers);
            range.start = end;
            if page.len() == limit {
                break;
            }
        }
        Ok(page)
    }

    // What lies under the lock is changed in steps that cannot panic half-way.

    fn read(&self) -> RwLockReadGuard<'_, Layers<V>> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Layers<V>> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

fn cost(key: &[u8], value: Option<&[u8]>) -> usize {
    ROW_COST + key.len() + value.map_or(0, <[u8]>::len)
}

/// The first key after another.
fn after(key: &[u8]) -> Vec<u8> {
    [key, &[0]].concat()
}

type Layered<'a> = (&'a Vec<u8>, &'a Option<Vec<u8>>);

/// Two ordered layers as one, in which `upper` hides `lower`.
fn over<'a>(
    upper: impl Iterator<Item = Layered<'a>>,
    lower: impl Iterator<Item = Layered<'a>>,
) -> impl Iterator<Item = Layered<'a>> {
    Over { upper: upper.peekable(), lower: lower.peekable() }
}

struct Over<U: Iterator, L: Iterator> {
    upper: Peekable<U>,
    lower: Peekable<L>,
}

impl<'a, U, L> Iterator for Over<U, L>
where
    U: Iterator<Item = Layered<'a>>,
    L: Iterator<Item = Layered<'a>>,
{
    type Item = Layered<'a>;

    fn next(&mut self) -> Option<Layered<'a>> {
        let order = match (self.upper.peek(), self.lower.peek()) {
            (Some((upper, _)), Some((lower, _))) => upper.cmp(lower),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => self.upper.next(),
            Ordering::Greater => self.lower.next(),
            Ordering::Equal => {
                self.lower.next();
                self.upper.next()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;
    use std::convert::Infallible;

    type Below = Arc<BTreeMap<Vec<u8>, Vec<u8>>>;

    fn key(number: u8) -> Vec<u8> {
        vec![number]
    }

    fn writes(rows: &[(u8, Option<&str>)]) -> Writes {
        rows.iter().map(|(k, value)| (key(*k), value.map(|v| v.as_bytes().to_vec()))).collect()
    }

    fn page(overlay: &Overlay<Below>, limit: usize) -> Vec<(u8, String)> {
        let below = |view: Below, range: Range<Vec<u8>>, limit| {
            let rows = view.range(range).take(limit);
            Ok::<_, Infallible>(rows.map(|(k, v)| (k.clone(), v.clone())).collect())
        };
        let rows = overlay.page(key(0)..key(200), limit, below).unwrap();
        rows.into_iter().map(|(k, v)| (k[0], String::from_utf8(v).unwrap())).collect()
    }

    fn row(overlay: &Overlay<Below>, number: u8) -> Option<Vec<u8>> {
        overlay.row(&key(number), |view| Ok::<_, Infallible>(view.get(&key(number)).cloned())).unwrap()
    }

    #[test]
    fn upper_rows_hide_lower_ones() {
        let below: BTreeMap<_, _> = [1, 2, 3, 4, 5].map(|n| (key(n), b"view".to_vec())).into();
        let overlay = Overlay::above(Arc::new(below));
        overlay.put(writes(&[(2, Some("frozen")), (3, None), (7, Some("frozen"))]));
        overlay.freeze();
        overlay.put(writes(&[(2, Some("active")), (4, None), (7, None), (9, Some("active"))]));
        let all = [(1, "view"), (2, "active"), (5, "view"), (9, "active")].map(|(k, v)| (k, v.to_owned()));
        for limit in 0..6 {
            assert_eq!(page(&overlay, limit), all[..limit.min(4)], "{limit}");
        }
        assert_eq!((row(&overlay, 3), row(&overlay, 7)), (None, None));
        assert_eq!(row(&overlay, 5), Some(b"view".to_vec()));
        assert_eq!(row(&overlay, 2), Some(b"active".to_vec()));
    }

    #[test]
    fn deleted_rows_do_not_end_a_page_early() {
        let below: BTreeMap<_, _> = (0..100).map(|n| (key(n), b"view".to_vec())).collect();
        let overlay = Overlay::above(Arc::new(below));
        overlay.put((0..97).map(|n| (key(n), None)).collect());
        assert_eq!(page(&overlay, 2).iter().map(|(k, _)| *k).collect::<Vec<_>>(), [97, 98]);
    }

    #[test]
    fn bytes_follow_what_is_put() {
        let overlay = Overlay::above(Below::default());
        let one = overlay.put(writes(&[(1, Some("12345"))]));
        assert_eq!(overlay.put(writes(&[(1, Some("123"))])), one - 2);
        assert_eq!(overlay.put(writes(&[(1, None)])), one - 5);
        overlay.freeze();
        assert_eq!(overlay.active_bytes(), 0);
    }

    /// Random commits, freezes and sinkings, against a map.
    #[test]
    fn it_reads_as_one_map() {
        let mut seed = 7_u64;
        let mut random = move |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        let overlay = Overlay::above(Below::default());
        let mut model = BTreeMap::new();
        for _ in 0..3_000 {
            match random(8) {
                0 => {
                    let mut view = (*overlay.view()).clone();
                    for (key, value) in overlay.freeze().iter() {
                        match value {
                            Some(value) => view.insert(key.clone(), value.clone()),
                            None => view.remove(key),
                        };
                    }
                    overlay.exchange(Arc::new(view));
                    overlay.release();
                }
                kind => {
                    let number = u8::try_from(random(40)).unwrap();
                    let value = (kind > 3).then(|| random(1_000).to_string().into_bytes());
                    overlay.put(Writes::from([(key(number), value.clone())]));
                    match value {
                        Some(value) => model.insert(number, String::from_utf8(value).unwrap()),
                        None => model.remove(&number),
                    };
                }
            }
            let limit = usize::try_from(random(50)).unwrap();
            let expected: Vec<_> = model.iter().map(|(k, v)| (*k, v.clone())).take(limit).collect();
            assert_eq!(page(&overlay, limit), expected);
        }
    }
}
