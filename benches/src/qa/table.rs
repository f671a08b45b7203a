//! A report for a person.

use std::fmt;

use super::report::{Report, Row, Timing};

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let setting = |key: &str| self.settings.get(key).and_then(|value| value.as_str()).unwrap_or("-").to_owned();
        writeln!(
            f,
            "{} {}, turns {}, embedded by {}, in {}\n",
            setting("dataset"),
            setting("digest"),
            match setting("mode").as_str() {
                "said" => "as they were said".to_owned(),
                "rules" => "by rules".to_owned(),
                _ => format!("by a language model ({})", setting("policy")),
            },
            setting("embedder"),
            setting("vector_store"),
        )?;
        write!(f, "{}", self.retrieval())?;
        writeln!(f)?;
        if let Some(interval) = self.interval {
            writeln!(
                f,
                "Recall@10 of the questions with an answer: {:.3}, 95 of 100 between {:.3} and {:.3}.",
                interval.mean, interval.low, interval.high
            )?;
        }
        if let Some(abstaining) = self.abstaining {
            writeln!(
                f,
                "Abstaining by the confidence of the search, {} questions with an answer against {} without: area under \
                 the curve {:.3}; right in {:.3} at a threshold of {:.3}, in {:.3} if all are treated alike.",
                abstaining.answerable,
                abstaining.unanswerable,
                abstaining.area,
                abstaining.accuracy,
                abstaining.threshold,
                abstaining.baseline
            )?;
        }
        let times = self.times;
        writeln!(f, "A session is remembered in {}, {:.0} turns a second.", spread(times.add), times.turns_per_second)?;
        writeln!(f, "A search takes {}.", spread(times.search))?;
        if self.rows.iter().any(|row| row.quality.is_some()) {
            write!(f, "\nAnswers by {}, judged by {}:\n\n{}", setting("answers"), setting("judges"), self.quality())?;
        }
        let spent = self.spent;
        if spent.extracting_calls > 0 || spent.answering.input > 0 {
            writeln!(
                f,
                "\nTokens read / written: {} / {} in {} calls to extract {} memories, {} / {} to answer, {} / {} to judge.",
                spent.extracting.input,
                spent.extracting.output,
                spent.extracting_calls,
                spent.memories,
                spent.answering.input,
                spent.answering.output,
                spent.judging.input,
                spent.judging.output
            )?;
        }
        Ok(())
    }
}

impl Report {
    fn retrieval(&self) -> String {
        let cuts: Vec<usize> = self.rows.first().map(|row| row.recall.keys().copied().collect()).unwrap_or_default();
        let mut titles = vec!["questions".to_owned(), "n".to_owned()];
        titles.extend(cuts.iter().map(|cut| format!("R@{cut}")));
        titles.extend(cuts.iter().map(|cut| format!("hit@{cut}")));
        titles.extend(["MRR", "nDCG@10", "tokens@10", "of full", "R@10/1k", "tokens"].map(str::to_owned));
        let line = |row: &Row| {
            let mut line = vec![row.name.clone(), row.with_evidence.to_string()];
            line.extend(row.recall.values().chain(row.hit.values()).map(|value| share(*value)));
            line.extend([share(row.mrr), share(row.ndcg_10), format!("{:.0}", row.tokens_10)]);
            line.push(format!("{:.1} %", row.share_10 * 100.0));
            line.extend([share(row.recall_10_per_1000_tokens), format!("{:.0}", row.tokens)]);
            line
        };
        // No search: everything is there, in no order.
        let full = self.full_context;
        let all = self.rows.last().map_or(0, |row| row.with_evidence);
        let mut whole = vec!["full context".to_owned(), all.to_string()];
        whole.extend(cuts.iter().chain(&cuts).map(|_| share(full.recall)));
        whole.extend(["-", "-", "-", "100.0 %"].map(str::to_owned));
        whole.extend([share(full.recall_per_1000_tokens), format!("{:.0}", full.tokens)]);
        markdown(titles, self.rows.iter().map(line).chain([whole]))
    }

    fn quality(&self) -> String {
        let titles = ["questions", "n", "J lenient", "J strict", "unmarked", "F1", "BLEU-1", "left open"];
        let line = |row: &Row| {
            let quality = row.quality?;
            let mut line = vec![row.name.clone(), quality.questions.to_string()];
            line.extend([quality.lenient, quality.strict].map(share));
            line.push(quality.unmarked.to_string());
            line.extend([quality.f1, quality.bleu1, quality.abstained].map(share));
            Some(line)
        };
        markdown(titles.map(str::to_owned).into(), self.rows.iter().filter_map(line))
    }
}

fn share(value: f64) -> String {
    if value.is_nan() { "-".to_owned() } else { format!("{value:.3}") }
}

fn spread(timing: Timing) -> String {
    format!("{:.2} ms (p50; p95 {:.2}, p99 {:.2}; {} calls)", timing.p50, timing.p95, timing.p99, timing.calls)
}

/// A table with aligned columns, the first to the left.
fn markdown(titles: Vec<String>, rows: impl Iterator<Item = Vec<String>>) -> String {
    let lines: Vec<Vec<String>> = std::iter::once(titles).chain(rows).collect();
    let columns = lines.first().map_or(0, Vec::len);
    let wide = |column: usize| lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.len()).max();
    let widths: Vec<usize> = (0..columns).filter_map(wide).collect();
    let mut text = String::new();
    for (number, line) in lines.iter().enumerate() {
        for (column, (cell, width)) in line.iter().zip(&widths).enumerate() {
            text.push_str(&if column == 0 { format!("| {cell:<width$} ") } else { format!("| {cell:>width$} ") });
        }
        text.push_str("|\n");
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { "-" } else { ":" };
                text.push_str(&format!("|{}{end}", "-".repeat(width + 1)));
            }
            text.push_str("|\n");
        }
    }
    text
}
