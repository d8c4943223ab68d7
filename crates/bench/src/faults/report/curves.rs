//! Curves of all drivers above each other, second by second, as SVG.

use std::fmt::Write;

use crate::report::chart::{BOTTOM, HEIGHT, LEFT, RIGHT, Scale, TOP, WIDTH, short};

/// What a figure is drawn on.
#[derive(Copy, Clone, Debug, PartialEq, Eq)]
pub(super) enum Axis {
    /// From 0 on.
    Linear,
    /// For what spans powers of ten.
    Logarithmic,
}

/// One driver: the second and the figure, and when its fault was over.
#[derive(Clone, Debug)]
pub(super) struct Curve<'a> {
    pub(super) driver: &'a str,
    pub(super) points: Vec<(i64, f64)>,
    pub(super) fault_s: f64,
}

/// The chart. The fault is shaded: from when it began until it was over for the last driver.
pub(super) fn chart(title: &str, axis: Axis, curves: &[Curve<'_>]) -> String {
    let mut svg = String::new();
    draw(&mut svg, title, axis, curves).unwrap_or_default();
    svg
}

/// Where figures and seconds are.
struct Places {
    scale: Option<Scale>,
    most: f64,
    first: f64,
    last: f64,
}

impl Places {
    fn of(axis: Axis, curves: &[Curve<'_>]) -> Self {
        let points = || curves.iter().flat_map(|curve| &curve.points);
        let figures = || points().map(|(_, figure)| *figure);
        let seconds = || points().map(|(second, _)| float(*second));
        Self {
            scale: (axis == Axis::Logarithmic).then(|| Scale::around(figures())),
            most: figures().fold(1.0, f64::max),
            first: seconds().fold(0.0, f64::min),
            last: seconds().fold(1.0, f64::max),
        }
    }

    fn x(&self, second: f64) -> f64 {
        let share = (second - self.first) / (self.last - self.first);
        share.clamp(0.0, 1.0).mul_add(WIDTH - LEFT - RIGHT, LEFT)
    }

    fn y(&self, figure: f64) -> f64 {
        match &self.scale {
            Some(scale) => scale.y(figure),
            None => HEIGHT - BOTTOM - figure / self.most * (HEIGHT - TOP - BOTTOM),
        }
    }

    fn ticks(&self) -> Vec<f64> {
        match &self.scale {
            Some(scale) => scale.ticks(),
            None => vec![0.0, self.most / 2.0, self.most],
        }
    }
}

fn draw(svg: &mut String, title: &str, axis: Axis, curves: &[Curve<'_>]) -> std::fmt::Result {
    let places = Places::of(axis, curves);
    write!(svg, r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#)?;
    let over = curves.iter().map(|curve| curve.fault_s).fold(0.0, f64::max);
    let (from, until, height) = (places.x(0.0), places.x(over), HEIGHT - TOP - BOTTOM);
    write!(
        svg,
        r#"<rect class="fault" x="{from:.1}" y="{TOP}" width="{:.1}" height="{height}"/>"#,
        until - from
    )?;
    for tick in places.ticks() {
        let (y, right, label) = (places.y(tick), WIDTH - RIGHT, short(tick));
        write!(svg, r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#)?;
        let (x, y) = (LEFT - 8.0, y + 4.0);
        write!(svg, r#"<text class="tick" x="{x}" y="{y:.1}" text-anchor="end">{label}</text>"#)?;
    }
    for second in [places.first, 0.0, over, places.last] {
        let (x, y) = (places.x(second), HEIGHT - BOTTOM + 18.0);
        write!(
            svg,
            r#"<text class="tick" x="{x:.1}" y="{y}" text-anchor="middle">{second:.0} s</text>"#
        )?;
    }
    let mut taken: Vec<f64> = Vec::new();
    for curve in curves {
        draw_curve(svg, curve, &places, &mut taken)?;
    }
    svg.push_str("</svg>");
    Ok(())
}

fn draw_curve(
    svg: &mut String,
    curve: &Curve<'_>,
    places: &Places,
    taken: &mut Vec<f64>,
) -> std::fmt::Result {
    let at = |(second, figure): &(i64, f64)| (places.x(float(*second) + 0.5), places.y(*figure));
    let path: Vec<String> =
        curve.points.iter().map(at).map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let driver = curve.driver;
    write!(svg, r#"<polyline class="line {driver}" points="{}"/>"#, path.join(" "))?;
    let (x, bottom) = (places.x(curve.fault_s), HEIGHT - BOTTOM);
    write!(
        svg,
        r#"<line class="line {driver}" x1="{x:.1}" x2="{x:.1}" y1="{:.1}" y2="{bottom}"><title>over for {driver}</title></line>"#,
        bottom - 8.0,
    )?;
    let Some((x, y)) = curve.points.last().map(at) else { return Ok(()) };
    // Labels keep apart from one another.
    let mut label = y;
    while taken.iter().any(|other| (other - label).abs() < 13.0) {
        label -= 4.0;
    }
    taken.push(label);
    let (x, y) = (x + 9.0, label + 4.0);
    write!(svg, r#"<text class="name {driver}" x="{x:.1}" y="{y:.1}">{driver}</text>"#)
}

#[expect(clippy::cast_precision_loss, reason = "no run has 2^53 seconds")]
const fn float(number: i64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_driver_has_its_curve_and_the_fault_is_shaded() {
        let points = (-5..20).map(|second| (second, 2.0)).collect();
        let one = Curve { driver: "one", points, fault_s: 10.0 };
        let two = Curve { driver: "two", points: vec![(0, 900.0)], fault_s: 12.0 };
        for axis in [Axis::Linear, Axis::Logarithmic] {
            let svg = chart("p99", axis, &[one.clone(), two.clone()]);
            assert_eq!(svg.matches("<polyline").count(), 2);
            assert_eq!(svg.matches(r#"class="fault""#).count(), 1);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
        assert!(!chart("none", Axis::Linear, &[]).contains("NaN"));
    }
}
