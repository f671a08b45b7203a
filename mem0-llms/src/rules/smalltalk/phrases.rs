//! The phrases that carry nothing to remember.
//!
//! Written in lower case, compared word by word. A phrase belongs here only if
//! nobody would miss it in any conversation.

/// Phrases that a name may follow.
#[rustfmt::skip]
pub(super) const COURTESIES: &[&str] = &[
    // English: greetings.
    "hi", "hey", "hello", "hiya", "yo", "howdy", "hi there", "hey there", "hello there", "good morning",
    "good afternoon", "good evening", "good day", "morning", "evening", "greetings", "welcome", "welcome back",
    "nice to meet you", "pleased to meet you", "good to see you", "great to see you", "nice to see you",
    "good to see you again", "great to see you again", "good to hear from you", "great to hear from you",
    "nice to hear from you", "so good to hear from you", "so great to hear from you", "good to talk to you",
    "great to catch up", "long time no see", "long time no talk", "long time no chat",
    // English: thanks.
    "thanks", "thank you", "thanks a lot", "thanks a bunch", "thanks a million", "thanks a ton",
    "thanks so much", "thanks very much", "thank you so much", "thank you very much", "thank you again",
    "thanks again", "many thanks", "thx", "ty", "tysm", "cheers", "much appreciated", "appreciate it",
    "i appreciate it", "i really appreciate it", "really appreciate it", "thanks in advance",
    // English: farewells and wishes.
    "bye", "bye bye", "goodbye", "good bye", "good night", "goodnight", "see you", "see ya", "see you soon",
    "see you later", "see you then", "see you around", "later", "talk to you later", "talk to you soon",
    "talk soon", "talk later", "ttyl", "catch you later", "catch up soon", "take care", "take it easy",
    "so long", "farewell", "have a good one", "have a great one", "have a nice day", "have a great day",
    "have a good day", "have a lovely day", "have a nice evening", "have a great evening", "have a good night",
    "have a nice weekend", "have a great weekend", "have a good weekend", "have fun", "good luck",
    "best of luck", "all the best", "stay safe", "sleep well", "sweet dreams", "congrats", "congratulations",
    "big congrats", "congrats again", "well done", "good job", "great job", "nice job", "great work",
    "good work", "nice work", "way to go", "keep it up", "keep going", "keep up the good work",
    "keep up the great work", "you got this", "you've got this",
    // German.
    "hallo", "guten morgen", "guten tag", "guten abend", "gute nacht", "servus", "moin", "grüß dich", "danke",
    "danke schön", "dankeschön", "danke sehr", "vielen dank", "besten dank", "herzlichen dank", "tausend dank",
    "danke dir", "tschüss", "tschüs", "auf wiedersehen", "bis bald", "bis später", "bis dann", "bis morgen",
    "mach's gut", "viel glück", "viel erfolg", "viel spaß", "herzlichen glückwunsch", "glückwunsch",
    "schönen tag", "schönen tag noch", "schönes wochenende",
    // French.
    "bonjour", "salut", "coucou", "bonsoir", "bonne nuit", "merci", "merci beaucoup", "merci bien",
    "mille mercis", "au revoir", "à bientôt", "à plus", "à plus tard", "à demain", "à tout à l'heure",
    "bonne journée", "bonne soirée", "bon week end", "bonne chance", "félicitations", "bravo", "enchanté",
    "enchantée", "bienvenue",
    // Spanish.
    "hola", "buenos días", "buenas tardes", "buenas noches", "buenas", "buen día", "gracias", "muchas gracias",
    "mil gracias", "muchísimas gracias", "adiós", "hasta luego", "hasta pronto", "hasta mañana", "nos vemos",
    "chao", "cuídate", "buena suerte", "suerte", "felicidades", "enhorabuena", "mucho gusto", "encantado",
    "encantada", "que tengas un buen día", "bienvenido", "bienvenida",
    // Portuguese.
    "olá", "oi", "bom dia", "boa tarde", "boa noite", "obrigado", "obrigada", "muito obrigado",
    "muito obrigada", "valeu", "tchau", "até logo", "até mais", "até amanhã", "até breve", "boa sorte",
    "parabéns", "prazer",
    // Italian.
    "ciao", "buongiorno", "buonasera", "buonanotte", "salve", "grazie", "grazie mille", "molte grazie",
    "tante grazie", "arrivederci", "a presto", "a dopo", "a domani", "ci vediamo", "buona giornata",
    "buona serata", "buona fortuna", "complimenti", "congratulazioni", "piacere",
    // Dutch.
    "hoi", "dag", "goedemorgen", "goedemiddag", "goedenavond", "goedenacht", "welterusten", "dank je",
    "dank je wel", "dankjewel", "dank u", "dank u wel", "bedankt", "hartelijk dank", "tot ziens", "doei",
    "tot later", "tot morgen", "tot snel", "fijne dag", "succes", "gefeliciteerd",
    // Polish.
    "cześć", "hej", "dzień dobry", "dobry wieczór", "dobranoc", "dzięki", "dziękuję", "dziękuję bardzo",
    "wielkie dzięki", "do widzenia", "pa", "na razie", "do zobaczenia", "do jutra", "powodzenia", "gratulacje",
    // Russian.
    "привет", "здравствуйте", "здравствуй", "доброе утро", "добрый день", "добрый вечер", "спокойной ночи",
    "спасибо", "большое спасибо", "спасибо большое", "спасибо тебе", "до свидания", "пока", "до завтра",
    "до встречи", "увидимся", "удачи", "поздравляю",
    // Chinese.
    "你好", "您好", "大家好", "嗨", "早上好", "早安", "下午好", "晚上好", "晚安", "谢谢", "謝謝", "谢谢你", "謝謝你", "谢谢您", "多谢", "多謝",
    "非常感谢", "非常感謝", "再见", "再見", "拜拜", "回头见", "明天见", "恭喜", "恭喜你", "辛苦了",
    // Japanese.
    "こんにちは", "こんばんは", "おはよう", "おはようございます", "おやすみ", "おやすみなさい", "はじめまして", "ありがとう", "ありがとうございます", "ありがとうございました",
    "どうもありがとう", "どうもありがとうございます", "どうも", "さようなら", "じゃあね", "またね", "また明日", "お疲れ様です", "お疲れ様でした", "おめでとう",
    "おめでとうございます", "よろしくお願いします", "よろしく",
    // Korean.
    "안녕", "안녕하세요", "안녕하십니까", "안녕히 가세요", "안녕히 계세요", "감사합니다", "고마워", "고마워요", "고맙습니다", "정말 감사합니다", "잘 자",
    "안녕히 주무세요", "또 봐요", "내일 봐요", "축하해", "축하해요", "축하합니다", "반가워요", "반갑습니다",
    // Hindi.
    "नमस्ते", "नमस्कार", "सुप्रभात", "शुभ रात्रि", "धन्यवाद", "बहुत धन्यवाद", "बहुत बहुत धन्यवाद", "शुक्रिया",
    "बहुत शुक्रिया", "अलविदा", "फिर मिलेंगे", "बधाई हो",
    // Arabic.
    "مرحبا", "مرحبًا", "أهلا", "أهلاً", "اهلا", "السلام عليكم", "وعليكم السلام", "صباح الخير", "صباح النور",
    "مساء الخير", "تصبح على خير", "شكرا", "شكراً", "شكرًا", "شكرا جزيلا", "شكرا لك", "مع السلامة", "إلى اللقاء",
    "مبروك", "تهانينا",
];

/// Phrases on their own.
#[rustfmt::skip]
pub(super) const PHRASES: &[&str] = &[
    // English: acknowledgements.
    "ok", "okay", "k", "kk", "okey", "okie", "alright", "all right", "right", "fine", "sure", "sure thing",
    "of course", "yes", "yeah", "yep", "yup", "yea", "ya", "yes please", "no", "nope", "nah", "no thanks",
    "no thank you", "uh huh", "mhm", "got it", "gotcha", "i got it", "understood", "i see", "i understand",
    "noted", "roger", "makes sense", "that makes sense", "fair enough", "good point", "exactly", "absolutely",
    "definitely", "totally", "certainly", "indeed", "for sure", "agreed", "i agree", "totally agree", "true",
    "so true", "that's true", "that's right", "you're right", "sounds like a plan", "sounds like fun",
    "sounds fun", "will do", "no problem", "no problem at all", "no worries", "np", "not at all", "anytime",
    "any time", "you're welcome", "your welcome", "you are welcome", "you are very welcome",
    "you're very welcome", "my pleasure", "don't mention it", "please", "please do", "go ahead", "go on",
    "never mind", "nevermind", "my bad", "oops", "sorry", "sorry about that", "i'm sorry", "excuse me",
    "no way", "of course not", "not really", "let's do it", "let's go", "deal", "done", "perfect", "correct",
    "good question", "great question", "that's a good question", "that's a great question", "good idea",
    "great idea", "what a great idea", "that's a great idea", "that's a good idea", "i'm good",
    "i'm good thanks", "i'm fine", "i'm doing well", "i'm doing good", "i'm doing great", "all good",
    "doing great", "doing well", "not much", "same here", "likewise", "you too", "back at you", "and you",
    // English: reactions and filler.
    "wow", "whoa", "woah", "oh", "ooh", "ah", "aha", "aw", "aww", "awww", "hm", "hmm", "mm", "mmm", "um", "uh",
    "er", "well", "so", "anyway", "anyways", "yay", "woohoo", "woo", "hooray", "hurray", "yikes", "ugh", "phew",
    "lol", "lmao", "rofl", "omg", "oh my god", "oh my gosh", "oh my", "my goodness", "oh no", "oh wow",
    "oh yeah", "oh yes", "gosh", "geez", "damn", "man", "haha", "hehe", "ha", "heh", "cool", "nice", "great",
    "awesome", "amazing", "nice one", "good one", "good for you", "so happy for you", "i'm so happy for you",
    "happy for you", "i'm happy for you", "so proud of you", "i'm so proud of you", "proud of you",
    "i'm proud of you", "glad to hear it", "glad to hear that", "i'm glad to hear that",
    "i'm so glad to hear that", "so glad to hear that", "good to hear", "great to hear", "good to know",
    "sorry to hear that", "i'm sorry to hear that", "i'm so sorry to hear that", "so sorry to hear that",
    "that sucks", "too bad", "that's too bad", "no kidding", "you know", "i know", "i know right", "guess what",
    "you bet", "let me know", "just let me know", "let me see", "let me think", "hang on", "hold on",
    "one moment", "one sec", "wait", "just a moment", "by the way", "btw", "i'm here for you",
    "i'm always here for you", "glad i could help", "happy to help", "glad to help", "always happy to help",
    "that means a lot", "means a lot", "it means a lot", "what a coincidence", "hope that helps",
    "i hope that helps",
    // German.
    "ok danke", "ja", "nein", "nee", "jo", "jep", "genau", "stimmt", "klar", "na klar", "alles klar",
    "in ordnung", "einverstanden", "verstanden", "verstehe", "ich verstehe", "ach so", "achso", "gut",
    "sehr gut", "super", "toll", "prima", "schön", "cool danke", "bitte", "bitte schön", "gern geschehen",
    "gerne", "kein problem", "macht nichts", "kein ding", "natürlich", "auf jeden fall", "wirklich", "echt",
    "oh je", "ach ja", "na ja", "naja", "tja", "ähm", "wie schön", "das freut mich", "freut mich",
    "tut mir leid", "entschuldigung", "mal sehen", "klingt gut", "das klingt gut", "das ist toll",
    "das ist super", "mir geht's gut", "mir geht es gut",
    // French.
    "oui", "non", "ouais", "d'accord", "ça marche", "bien sûr", "très bien", "parfait", "super merci", "génial",
    "c'est génial", "c'est super", "c'est bien", "je comprends", "je vois", "compris", "entendu", "exactement",
    "tout à fait", "de rien", "je t'en prie", "je vous en prie", "pas de problème", "pas de souci",
    "s'il te plaît", "s'il vous plaît", "désolé", "désolée", "pardon", "ah bon", "bon", "ben", "euh", "ça va",
    "ça va bien", "tant mieux", "oh là là", "mdr",
    // Spanish.
    "sí", "si", "vale", "claro", "claro que sí", "por supuesto", "de acuerdo", "está bien", "muy bien",
    "perfecto", "genial", "qué bien", "qué bueno", "qué guay", "entendido", "entiendo", "ya veo", "exacto",
    "de nada", "no hay de qué", "no hay problema", "por favor", "lo siento", "perdón", "bueno", "pues", "jaja",
    "suena bien", "estupendo", "ánimo",
    // Portuguese.
    "sim", "não", "tá", "tá bom", "está bem", "claro que sim", "com certeza", "entendi", "perfeito", "ótimo",
    "legal", "que legal", "que bom", "muito bem", "de acordo", "por nada", "sem problema", "sem problemas",
    "por favor", "desculpa", "desculpe", "pois", "beleza", "exato", "kkk", "rsrs",
    // Italian.
    "sì", "va bene", "certo", "d'accordo", "perfetto", "ho capito", "capito", "capisco", "ottimo", "bene",
    "molto bene", "benissimo", "fantastico", "bello", "che bello", "prego", "di niente", "nessun problema",
    "per favore", "scusa", "mi dispiace", "esatto", "giusto", "allora", "boh", "figurati",
    // Dutch.
    "nee", "oké", "prima", "goed", "heel goed", "mooi", "leuk", "graag gedaan", "geen probleem", "natuurlijk",
    "zeker", "precies", "begrepen", "ik snap het", "alsjeblieft", "alstublieft", "sorry hoor", "klopt",
    "inderdaad", "wat leuk",
    // Polish.
    "tak", "nie", "dobrze", "dobra", "jasne", "oczywiście", "rozumiem", "świetnie", "super", "fajnie", "proszę",
    "nie ma sprawy", "nie ma za co", "przepraszam", "dokładnie", "zgoda", "no", "aha",
    // Russian.
    "да", "нет", "ок", "окей", "хорошо", "ладно", "понятно", "понял", "поняла", "ясно", "конечно", "отлично",
    "супер", "круто", "класс", "здорово", "пожалуйста", "не за что", "без проблем", "извини", "извините",
    "точно", "верно", "ага", "ну", "ого", "ничего себе",
    // Chinese.
    "好", "好的", "好吧", "好啊", "好呀", "行", "可以", "嗯", "嗯嗯", "哦", "噢", "啊", "是的", "是", "对", "对的", "对啊", "不是", "没有",
    "没问题", "沒問題", "不客气", "不客氣", "不用谢", "没关系", "沒關係", "明白", "明白了", "知道了", "懂了", "了解", "收到", "太好了", "太棒了", "真棒",
    "不错", "当然", "對", "對啊", "對不起", "对不起", "抱歉", "不好意思", "加油", "哇", "哇塞", "请", "呵呵",
    // Japanese.
    "はい", "いいえ", "うん", "ううん", "ええ", "そう", "そうです", "そうですね", "そうですか", "そうだね", "そうなんだ", "なるほど", "わかりました", "分かりました",
    "わかった", "了解", "了解です", "承知しました", "いいね", "いいですね", "すごい", "すごいですね", "素晴らしい", "もちろん", "大丈夫", "大丈夫です",
    "どういたしまして", "すみません", "ごめん", "ごめんなさい", "お願いします", "えっと", "へえ", "まあ", "さすが", "確かに", "オッケー",
    // Korean.
    "네", "예", "응", "아니요", "아니", "아니오", "그래", "그래요", "좋아", "좋아요", "좋습니다", "알겠어요", "알겠습니다", "알았어", "맞아", "맞아요",
    "맞습니다", "물론이죠", "물론", "괜찮아", "괜찮아요", "천만에요", "별말씀을요", "죄송합니다", "미안", "미안해", "와", "대박", "그렇군요", "아하", "음",
    "화이팅",
    // Hindi.
    "हाँ", "हां", "जी", "जी हाँ", "जी हां", "नहीं", "जी नहीं", "ठीक है", "ठीक", "अच्छा", "बहुत अच्छा",
    "बिल्कुल", "सही", "समझ गया", "समझ गई", "कोई बात नहीं", "माफ़ कीजिए", "माफ करना", "वाह", "ज़रूर",
    // Arabic.
    "نعم", "أجل", "لا", "حسنا", "حسناً", "حسنًا", "تمام", "طيب", "ماشي", "أوكي", "بالتأكيد", "طبعا", "طبعاً",
    "بالطبع", "ممتاز", "رائع", "جميل", "فهمت", "عفوا", "عفواً", "على الرحب والسعة", "لا مشكلة", "لا بأس", "آسف",
    "آسفة", "من فضلك", "إن شاء الله", "الحمد لله", "ما شاء الله", "ههه", "صحيح",
];

/// How an English reaction to what somebody said begins; it may also have no
/// opener at all.
#[rustfmt::skip]
pub(super) const REACTION_OPENERS: &[&str] = &[
    "that's", "thats", "that is", "this is", "that sounds", "sounds", "that looks", "this looks", "looks",
    "those are", "these are", "how", "what", "so", "just", "that's just", "that's all", "they look", "you're",
    "you are", "that must be",
];

/// What may stand before an evaluation.
#[rustfmt::skip]
pub(super) const INTENSIFIERS: &[&str] = &[
    "so", "really", "very", "pretty", "super", "absolutely", "totally", "quite", "truly", "such", "just",
    "simply", "too", "incredibly", "definitely", "always", "a", "real",
];

/// Evaluations that say nothing about the world.
#[rustfmt::skip]
pub(in crate::rules) const EVALUATIONS: &[&str] = &[
    "great", "awesome", "amazing", "cool", "nice", "wonderful", "fantastic", "lovely", "incredible", "good",
    "sweet", "perfect", "beautiful", "brilliant", "excellent", "fabulous", "neat", "rad", "epic", "dope",
    "sick", "inspiring", "impressive", "interesting", "exciting", "thrilling", "delightful", "adorable", "cute",
    "gorgeous", "stunning", "marvelous", "terrific", "superb", "splendid", "outstanding", "magnificent",
    "remarkable", "funny", "hilarious", "crazy", "insane", "wild", "fun", "sad", "terrible", "awful",
    "horrible", "unfortunate", "rough", "tough", "scary", "heartwarming", "touching", "thoughtful", "kind",
    "true", "right", "fascinating", "intriguing", "relaxing", "yummy", "delicious", "tasty", "breathtaking",
    "heartbreaking", "powerful", "meaningful", "special", "precious", "admirable", "commendable", "unreal",
    "unbelievable", "wise", "relatable", "understandable", "legendary", "wow", "cozy",
];

/// Words that call somebody without a name.
#[rustfmt::skip]
pub(super) const VOCATIVES: &[&str] = &[
    "there", "everyone", "everybody", "all", "guys", "folks", "team", "buddy", "friend", "friends", "my friend",
    "man", "dude", "bro", "mate", "pal", "dear", "honey", "sweetie", "girl", "again", "too", "then", "though",
    "indeed", "sir", "madam",
];
