//! Names of countries, states and continents: they hold cities.

/// Whether a name, in lower case, is one of a region that holds cities.
pub(super) fn is_region(name: &str) -> bool {
    REGIONS.binary_search(&name.strip_prefix("the ").unwrap_or(name)).is_ok()
}

/// Sorted.
#[rustfmt::skip]
const REGIONS: &[&str] = &[
    "afghanistan", "africa", "alabama", "alaska", "albania", "algeria", "america", "andalusia", "angola",
    "argentina", "arizona", "arkansas", "armenia", "asia", "australia", "austria", "azerbaijan", "bahrain",
    "bangladesh", "bavaria", "belarus", "belgium", "belize", "benin", "bolivia", "bosnia", "botswana", "brazil",
    "britain", "british columbia", "bulgaria", "burma", "california", "cambodia", "cameroon", "canada",
    "catalonia", "chile", "china", "colombia", "colorado", "congo", "connecticut", "costa rica", "croatia",
    "cuba", "cyprus", "czech republic", "czechia", "delaware", "denmark", "dominican republic", "ecuador",
    "egypt", "el salvador", "england", "eritrea", "estonia", "ethiopia", "eu", "europe", "fiji", "finland",
    "florida", "france", "gambia", "georgia", "germany", "ghana", "great britain", "greece", "greenland",
    "guatemala", "guinea", "haiti", "hawaii", "holland", "honduras", "hungary", "iceland", "idaho", "illinois",
    "india", "indiana", "indonesia", "iowa", "iran", "iraq", "ireland", "israel", "italy", "ivory coast",
    "jamaica", "japan", "jordan", "kansas", "kazakhstan", "kentucky", "kenya", "korea", "kosovo", "kuwait",
    "kyrgyzstan", "laos", "latvia", "lebanon", "liberia", "libya", "lithuania", "louisiana", "luxembourg",
    "macedonia", "madagascar", "maine", "malawi", "malaysia", "mali", "malta", "manitoba", "maryland",
    "massachusetts", "mauritius", "mexico", "michigan", "minnesota", "mississippi", "missouri", "moldova",
    "mongolia", "montana", "montenegro", "morocco", "mozambique", "myanmar", "namibia", "nebraska", "nepal",
    "netherlands", "nevada", "new hampshire", "new jersey", "new mexico", "new south wales", "new york state",
    "new zealand", "nicaragua", "niger", "nigeria", "north america", "north carolina", "north dakota",
    "north korea", "northern ireland", "norway", "nova scotia", "ohio", "oklahoma", "oman", "ontario", "oregon",
    "pakistan", "palestine", "panama", "paraguay", "pennsylvania", "peru", "philippines", "poland", "portugal",
    "puerto rico", "qatar", "quebec", "queensland", "rhode island", "romania", "russia", "rwanda",
    "saudi arabia", "scandinavia", "scotland", "senegal", "serbia", "sicily", "singapore", "slovakia",
    "slovenia", "somalia", "south africa", "south america", "south carolina", "south dakota", "south korea",
    "spain", "sri lanka", "sudan", "sweden", "switzerland", "syria", "taiwan", "tanzania", "tasmania",
    "tennessee", "texas", "thailand", "tibet", "togo", "tunisia", "turkey", "tuscany", "uae", "uganda", "uk",
    "ukraine", "united arab emirates", "united kingdom", "united states", "united states of america", "uruguay",
    "us", "usa", "utah", "uzbekistan", "venezuela", "vermont", "victoria", "vietnam", "virginia", "wales",
    "washington", "west virginia", "wisconsin", "wyoming", "yemen", "zambia", "zimbabwe",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_sorted_and_found() {
        assert!(REGIONS.is_sorted());
        assert!(is_region("italy") && is_region("the netherlands") && !is_region("rome"));
    }
}
