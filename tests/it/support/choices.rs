//! Choices that follow from a seed alone, so that a run that failed can be had again.

/// SplitMix64.
pub(crate) struct Choices {
    pub(crate) seed: u64,
    state: u64,
}

impl Choices {
    /// Of the seed in `SEED`, or of one that is drawn; it is printed either way.
    pub(crate) fn from_environment() -> Self {
        let seed = std::env::var("SEED").ok().map(|text| text.parse().expect("SEED is a number"));
        let seed = seed.unwrap_or_else(|| u64::from_le_bytes(uuid::Uuid::new_v4().as_bytes()[..8].try_into().unwrap()));
        println!("SEED={seed}");
        Self { seed, state: seed }
    }

    pub(crate) fn below(&mut self, end: u64) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.state ^ (self.state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }

    pub(crate) fn one_of<T: Clone>(&mut self, all: &[T]) -> T {
        all[usize::try_from(self.below(all.len() as u64)).unwrap()].clone()
    }
}
