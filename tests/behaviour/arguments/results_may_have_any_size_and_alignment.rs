//! DESIGN §8: zero-sized results, over-aligned ones, big ones: each is whole and well placed.

use common::everywhere;
use lazygraph::{Value, compute_with, prelude::*};

#[derive(Clone, Debug, PartialEq)]
struct Nothing;

#[derive(Clone, Debug, PartialEq)]
#[repr(align(64))]
struct Line([u8; 3]);

#[derive(Clone, Debug, PartialEq)]
#[repr(align(4096))]
struct Page(u8);

#[derive(Clone, Debug, PartialEq)]
#[repr(align(4096))]
struct EmptyPage;

#[derive(Clone, Debug, PartialEq)]
#[repr(align(64))]
struct HeapLine(Vec<u8>);

fn well_placed<T>(x: &T) {
    assert_eq!(
        (&raw const *x).addr() % align_of::<T>(),
        0,
        "a {} is misplaced",
        std::any::type_name::<T>()
    );
}

#[delayed]
fn nothing() -> Nothing {
    Nothing
}

#[delayed]
fn line(x: u8) -> Line {
    Line([x, 1, 2])
}

#[delayed]
fn page(x: u8) -> Page {
    Page(x)
}

#[delayed]
fn empty_page() -> EmptyPage {
    EmptyPage
}

#[delayed]
fn heap_line(n: usize) -> HeapLine {
    HeapLine(vec![7; n])
}

#[delayed]
fn byte(x: u8) -> u8 {
    x
}

#[delayed]
fn big(x: u64) -> [u64; 4096] {
    [x; 4096]
}

#[delayed]
fn lent(n: &Nothing, b: &u8, l: &Line, p: &Page, e: &EmptyPage, h: &HeapLine) -> String {
    well_placed(n);
    well_placed(b);
    well_placed(l);
    well_placed(p);
    well_placed(e);
    well_placed(h);
    format!("{n:?} {b} {l:?} {p:?} {e:?} {}", h.0.len())
}

#[delayed]
fn many(lines: &[&Line], pages: &[&Page]) -> u64 {
    lines.iter().for_each(|x| well_placed(*x));
    pages.iter().for_each(|x| well_placed(*x));
    let lines: u64 = lines.iter().map(|l| u64::from(l.0[0])).sum();
    lines + pages.iter().map(|p| u64::from(p.0)).sum::<u64>()
}

#[delayed]
fn owned(mut l: Line, p: Page, b: u8) -> Line {
    well_placed(&l);
    well_placed(&p);
    l.0[1] = p.0 + b;
    l
}

#[delayed]
fn keep<T: Value + Clone>(x: T) -> T {
    well_placed(&x);
    x
}

#[test]
fn lent_results() {
    for (name, options) in everywhere() {
        let d = lent(
            nothing(),
            byte(9),
            line(1),
            page(2),
            empty_page(),
            heap_line(100),
        );
        let told = "Nothing 9 Line([1, 1, 2]) Page(2) EmptyPage 100";
        assert_eq!(d.compute_with(&options).unwrap(), told, "{name}");
    }
}

#[test]
fn plain_arguments() {
    for (name, options) in everywhere() {
        let d = lent(
            Nothing,
            9,
            Line([1, 1, 2]),
            Page(2),
            EmptyPage,
            HeapLine(vec![]),
        );
        let told = "Nothing 9 Line([1, 1, 2]) Page(2) EmptyPage 0";
        assert_eq!(d.compute_with(&options).unwrap(), told, "{name}");
        let d = owned(Line([1, 2, 3]), Page(4), 5);
        assert_eq!(d.compute_with(&options).unwrap(), Line([1, 9, 3]), "{name}");
    }
}

#[test]
fn mixed_sizes_side_by_side() {
    for (name, options) in everywhere() {
        let lines: Vec<_> = (0..50).map(line).collect();
        let pages: Vec<_> = (0..50).map(page).collect();
        let bytes: Vec<_> = (0..50).map(byte).collect();
        let sum = many(&lines[..], &pages[..]);
        let moved: Vec<_> = (0..50)
            .map(|i| owned(&lines[i], &pages[i], &bytes[i]))
            .collect();
        let (sum, moved, bytes) = compute_with(&options, (&sum, &moved, &bytes)).unwrap();
        assert_eq!(sum, 2 * (0..50).sum::<u64>(), "{name}");
        assert_eq!(bytes, (0..50).collect::<Vec<u8>>(), "{name}");
        for (i, line) in moved.iter().enumerate() {
            well_placed(line);
            let i = u8::try_from(i).unwrap();
            assert_eq!(*line, Line([i, 2 * i, 2]), "{name}");
        }
    }
}

#[test]
fn through_a_fused_chain() {
    for (name, options) in everywhere() {
        let l = keep(keep(keep(line(5))));
        let p = keep(keep(page(6)));
        let n = keep(keep(nothing()));
        let h = keep(keep(heap_line(3)));
        let values = compute_with(&options, (l, p, n, h)).unwrap();
        well_placed(&values.0);
        well_placed(&values.1);
        assert_eq!(
            values,
            (Line([5, 1, 2]), Page(6), Nothing, HeapLine(vec![7; 3])),
            "{name}"
        );
    }
}

#[test]
fn big_results() {
    for (name, options) in everywhere() {
        let all: Vec<_> = (0..40).map(|x| keep(keep(big(x)))).collect();
        let sum = all
            .iter()
            .map(|d| d.map(|a| a.iter().sum::<u64>()))
            .sum::<Delayed<u64>>();
        assert_eq!(
            sum.compute_with(&options).unwrap(),
            4096 * (0..40).sum::<u64>(),
            "{name}"
        );
    }
}

#[test]
fn a_hundred_thousand_of_nothing() {
    let many: Vec<_> = (0..100_000).map(|_| nothing()).collect();
    assert_eq!(compute(&many).unwrap().len(), 100_000);
}
