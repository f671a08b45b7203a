//! Random numbers that are the same in every run and on every machine.

use mem0_core::MemoryId;
use uuid::Uuid;

/// SplitMix64: small, and good enough to choose test data.
#[derive(Clone, Debug)]
pub struct Rng(u64);

impl Rng {
    /// The sequence of this seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number below `end`; 0 where that is 0.
    #[allow(clippy::cast_possible_truncation, reason = "the remainder is below a usize")]
    pub fn below(&mut self, end: usize) -> usize {
        (self.number() % (end.max(1) as u64)) as usize
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// One of the items; none of none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        items.get(self.below(items.len()))
    }

    /// Any id at all.
    pub fn id(&mut self) -> MemoryId {
        MemoryId::from_uuid(Uuid::from_u64_pair(self.number(), self.number()))
    }

    /// A vector of length 1.
    pub fn unit(&mut self, dims: usize) -> Vec<f32> {
        #[allow(clippy::cast_precision_loss, reason = "24 bits")]
        let mut numbers: Vec<f32> =
            (0..dims).map(|_| (self.number() >> 40) as f32 / f32::from(u16::MAX) / 128.0 - 1.0).collect();
        let length = numbers.iter().map(|x| x * x).sum::<f32>().sqrt();
        if length < 0.1 {
            return self.unit(dims);
        }
        numbers.iter_mut().for_each(|x| *x /= length);
        numbers
    }
}
