//! Charts, as SVG inside the page: colours come from its style, so that they follow its theme.

use std::fmt::Write;

use super::Entry;

/// The size of a chart.
pub(crate) const WIDTH: f64 = 460.0;
pub(crate) const HEIGHT: f64 = 250.0;
/// What is kept free for the axes: left, right, top, bottom.
pub(crate) const LEFT: f64 = 56.0;
pub(crate) const RIGHT: f64 = 96.0;
pub(crate) const TOP: f64 = 12.0;
pub(crate) const BOTTOM: f64 = 38.0;

/// The points of one client: level and figure.
pub(super) struct Series<'a> {
    pub(super) client: &'a str,
    pub(super) points: Vec<(u32, f64)>,
}

/// The series of one figure of these lines, a client each.
pub(super) fn series<'a>(
    entries: &[&'a Entry],
    clients: &[&'a str],
    figure: fn(&Entry) -> f64,
) -> Vec<Series<'a>> {
    let of = |client: &&'a str| {
        let own = entries.iter().filter(|entry| entry.client == *client);
        let points = own.map(|entry| (entry.in_flight, figure(entry))).collect();
        Series { client, points }
    };
    clients.iter().map(of).filter(|series| !series.points.is_empty()).collect()
}

/// Lines over the number of requests in flight; both axes are logarithmic.
pub(super) fn lines(title: &str, series: &[Series<'_>]) -> String {
    let figures = series.iter().flat_map(|series| &series.points).map(|(_, figure)| *figure);
    let scale = Scale::around(figures);
    let mut levels: Vec<u32> =
        series.iter().flat_map(|series| &series.points).map(|(level, _)| *level).collect();
    levels.sort_unstable();
    levels.dedup();
    let mut svg = String::new();
    draw_lines(&mut svg, title, series, &scale, &levels).unwrap_or_default();
    svg
}

fn draw_lines(
    svg: &mut String,
    title: &str,
    series: &[Series<'_>],
    scale: &Scale,
    levels: &[u32],
) -> std::fmt::Result {
    write!(svg, r#"<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{title}">"#)?;
    for tick in scale.ticks() {
        let y = scale.y(tick);
        let (right, label) = (WIDTH - RIGHT, short(tick));
        write!(svg, r#"<line class="grid" x1="{LEFT}" x2="{right}" y1="{y:.1}" y2="{y:.1}"/>"#)?;
        let (x, y) = (LEFT - 8.0, y + 4.0);
        write!(svg, r#"<text class="tick" x="{x}" y="{y:.1}" text-anchor="end">{label}</text>"#)?;
    }
    for level in levels {
        let (x, y) = (x_of(*level, levels), HEIGHT - BOTTOM + 18.0);
        let label = thousands(*level);
        write!(
            svg,
            r#"<text class="tick" x="{x:.1}" y="{y}" text-anchor="middle">{label}</text>"#
        )?;
    }
    let (x, y) = (f64::midpoint(LEFT, WIDTH - RIGHT), HEIGHT - 4.0);
    write!(svg, r#"<text class="tick" x="{x}" y="{y}" text-anchor="middle">in flight</text>"#)?;
    let mut taken: Vec<f64> = Vec::new();
    for one in series {
        draw_series(svg, one, scale, levels, &mut taken)?;
    }
    svg.push_str("</svg>");
    Ok(())
}

fn draw_series(
    svg: &mut String,
    series: &Series<'_>,
    scale: &Scale,
    levels: &[u32],
    taken: &mut Vec<f64>,
) -> std::fmt::Result {
    let at = |(level, figure): &(u32, f64)| (x_of(*level, levels), scale.y(*figure));
    let places: Vec<(f64, f64)> = series.points.iter().map(at).collect();
    let path: Vec<String> = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
    let client = series.client;
    write!(svg, r#"<polyline class="line {client}" points="{}"/>"#, path.join(" "))?;
    for ((level, figure), (x, y)) in series.points.iter().zip(&places) {
        write!(
            svg,
            r#"<circle class="dot {client}" cx="{x:.1}" cy="{y:.1}" r="3.5"><title>{client}, {} in flight: {}</title></circle>"#,
            thousands(*level),
            short(*figure),
        )?;
    }
    let Some((x, y)) = places.last() else { return Ok(()) };
    // Labels keep apart from one another.
    let mut label = *y;
    while taken.iter().any(|other| (other - label).abs() < 13.0) {
        label += 4.0;
    }
    taken.push(label);
    let (x, y) = (x + 9.0, label + 4.0);
    write!(svg, r#"<text class="name {client}" x="{x:.1}" y="{y:.1}">{client}</text>"#)
}

/// Bars, one a client, with their figures; they begin at zero.
pub(super) fn bars(title: &str, series: &[Series<'_>]) -> String {
    let bars: Vec<(&str, f64)> = series
        .iter()
        .filter_map(|series| Some((series.client, series.points.first()?.1)))
        .collect();
    let most = bars.iter().map(|(_, figure)| *figure).fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = String::new();
    draw_bars(&mut svg, title, &bars, most).unwrap_or_default();
    svg
}

fn draw_bars(svg: &mut String, title: &str, bars: &[(&str, f64)], most: f64) -> std::fmt::Result {
    const STEP: f64 = 30.0;
    const NAMES: f64 = 92.0;
    let mut y = 6.0;
    let height = bars.iter().fold(12.0, |height, _| height + STEP);
    write!(svg, r#"<svg viewBox="0 0 {WIDTH} {height}" role="img" aria-label="{title}">"#)?;
    for (client, figure) in bars {
        let width = ((WIDTH - NAMES - 84.0) * figure / most).max(1.0);
        let (middle, name, value) = (y + 15.0, NAMES - 8.0, NAMES + width + 6.0);
        write!(svg, r#"<text class="name {client}" x="{name}" y="{middle}" text-anchor="end">"#)?;
        write!(svg, r#"{client}</text>"#)?;
        write!(svg, r#"<rect class="bar {client}" x="{NAMES}" y="{y}" width="{width:.1}" "#)?;
        write!(svg, r#"height="20" rx="2"/>"#)?;
        write!(svg, r#"<text class="tick" x="{value:.1}" y="{middle}">{}</text>"#, short(*figure))?;
        y += STEP;
    }
    svg.push_str("</svg>");
    Ok(())
}

fn x_of(level: u32, levels: &[u32]) -> f64 {
    let of = |level: u32| f64::from(level.max(1)).log2();
    let (first, last) = (levels.first().copied(), levels.last().copied());
    let (first, last) = (of(first.unwrap_or(1)), of(last.unwrap_or(1)));
    let share = if last > first { (of(level) - first) / (last - first) } else { 0.5 };
    LEFT + 8.0 + share * (WIDTH - LEFT - RIGHT - 16.0)
}

/// What a scale can show.
const SHOWN: std::ops::RangeInclusive<f64> = 1e-12..=1e15;

/// A logarithmic scale.
pub(crate) struct Scale {
    low: f64,
    high: f64,
}

impl Scale {
    /// Of figures that a logarithm can show; others are no figures of a measurement.
    pub(crate) fn around(figures: impl Iterator<Item = f64>) -> Self {
        let figures = figures.filter(|figure| SHOWN.contains(figure));
        let (low, high) = figures.fold((f64::MAX, f64::MIN_POSITIVE), |(low, high), figure| {
            (low.min(figure), high.max(figure))
        });
        if low > high {
            return Self { low: 1.0, high: 10.0 };
        }
        Self { low: low / 1.25, high: high * 1.25 }
    }

    pub(crate) fn y(&self, figure: f64) -> f64 {
        let share = (figure.max(self.low) / self.low).ln() / (self.high / self.low).ln();
        HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)
    }

    /// 1, 2 and 5 of every power of ten; 1 alone where there are many.
    pub(crate) fn ticks(&self) -> Vec<f64> {
        let wide = self.high / self.low > 200.0;
        let steps: &[f64] = if wide { &[1.0] } else { &[1.0, 2.0, 5.0] };
        let mut ticks = Vec::new();
        let mut power = 10_f64.powf(self.low.log10().floor());
        while power <= self.high {
            ticks.extend(steps.iter().map(|step| step * power));
            power *= 10.0;
        }
        ticks.retain(|tick| (self.low..=self.high).contains(tick));
        ticks
    }
}

/// A figure in few characters.
pub(crate) fn short(figure: f64) -> String {
    match figure {
        figure if figure >= 1e6 => format!("{:.*} M", usize::from(figure < 1e7), figure / 1e6),
        figure if figure >= 1e3 => format!("{:.*} k", usize::from(figure < 1e4), figure / 1e3),
        figure if figure >= 100.0 => format!("{figure:.0}"),
        figure if figure >= 10.0 => trimmed(&format!("{figure:.1}")),
        figure if figure >= 0.1 => trimmed(&format!("{figure:.2}")),
        figure => trimmed(&format!("{figure:.3}")),
    }
}

fn trimmed(text: &str) -> String {
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn thousands(level: u32) -> String {
    if level >= 1_000 {
        format!("{},{:03}", level / 1_000, level % 1_000)
    } else {
        level.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let figures = [0.0, 0.014_2, 0.5, 12.34, 123.4, 1_234.0, 45_678.0, 1_234_567.0];
        let texts = ["0", "0.014", "0.5", "12.3", "123", "1.2 k", "46 k", "1.2 M"];
        assert_eq!(figures.map(short), texts);
    }

    #[test]
    fn a_scale_has_ticks_within_it() {
        let scale = Scale::around([0.2, 9.0].into_iter());
        assert_eq!(scale.ticks().len(), 6, "{:?}", scale.ticks());
        assert!(scale.y(9.0) < scale.y(0.2));
    }

    #[test]
    fn a_scale_ends_whatever_the_figures() {
        let scale = Scale::around([0.0, f64::NAN, f64::INFINITY, 3.0].into_iter());
        assert!(scale.ticks().len() < 4);
        assert!(Scale::around([f64::INFINITY].into_iter()).ticks().len() < 7);
    }
}
