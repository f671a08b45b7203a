//! Function words: the small words that a language cannot do without, and that
//! therefore tell which one it is. A word that several languages have is in
//! the list of each. Months, numbers and other words with a meaning of their
//! own are left out, and so are those that are names as often.

/// What English has beside its stop words.
pub(super) const ENGLISH: &str = "
    because being between both don't didn't doesn't each even ever every few got here i'd i'll i'm i've into it'll
    it's let let's like may might more most much must never no not now off once one only other out over own same than
    that's these those though through too under until us very want wants went what's while yes yet you'll you're
    you've yours";

pub(super) const DANISH: &str = "
    af aldrig alle alt at blev blive bliver da de dem den denne der deres det dette dig din dine dit du efter eller en
    er et for fordi fra få får før gik gør ham han hans har havde have hendes her hos hun hvad hvem hver hvilken hvor
    hvordan hvorfor hvornår i igen ikke ind jeg jeres kan kom kunne lige man med meget mellem men mig min mine mit
    mod når og også om op os over på sammen selv sig sin sine sit skal skulle som så til ud under var ved vi vil ville
    vores være været";

pub(super) const DUTCH: &str = "
    aan al alle als altijd bent ben bij daar dan dat de deze die dit doe doen door dus een en er geen haar had hadden
    heb hebben heeft heel hem het hier hij hoe hun iets ik in is je jij jou jouw jullie kan kon kunnen maar me meer met
    mij mijn moet moeten na naar niet niets nog nooit nu of om omdat onder ons onze ook op over sinds te toen tot tussen
    u uit van veel voor waar waarom wanneer waren was wat we weer welke werd wie wij wil willen wordt worden zal ze zeer
    zich zij zijn zo zonder zou";

pub(super) const FINNISH: &str = "
    ei eikä ennen en ennen et että hän hänellä hänen he heidän hyvin ja jo joka jos jossa joskus jota kanssa kaikki koska
    kuin kuinka kuka kun kuten me meidän meillä meitä mikä milloin millainen minkä minne minua minulla minun minut minä
    missä mistä mitä mutta myös ne niin niitä nyt nämä olen olet oli olimme olin olisi olivat olla ollut on ovat se sekä sen
    siellä siitä sinne sinun sinä sitten sitä tai te tämä tämän tässä tätä vain vaikka vielä voi";

pub(super) const FRENCH: &str = "
    ai ainsi alors après as au aussi autre aux avait avant avec avez avoir avons beaucoup car ce ces cet cette chez
    combien comme comment dans de depuis derrière des du elle elles en encore entre es est et étaient était été être eu
    eux faire fait font il ils je jamais jusque la le les leur leurs lui ma mais me même mes moi moins mon ne nos notre
    nous on ont ou où par parce pas pendant peu peut plus pour pourquoi quand que quel quelle quelles quels qui quoi
    sa sans se sera ses si son sont sous souvent suis sur ta te tes toi ton toujours tous tout toute toutes très tu un
    une va vers vont vos votre vous y";

pub(super) const GERMAN: &str = "
    aber alle als also am an auch auf aus bei beim bin bis bist da dann das dass dein deine deinen deiner dem den denn
    der des dessen dich die dir doch du durch ein eine einem einen einer eines er es etwas euch euer eure für gegen
    habe haben habt hast hat hatte hatten her hier hin hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im in ins ist
    ja jede jeden jeder jedes kann kein keine keinen können man mein meine meinem meinen meiner mich mir mit nach nicht
    nichts nie noch nur ob oder ohne schon sehr seid sein seine seinem seinen seiner seit sich sie sind so über um und
    uns unser unsere unserem unseren unter viel vom von vor wann war waren warst warum was weil welche welchem welchen
    welcher welches wem wen wenn wer werde werden wie wieder will wir wird wo wohin worden wurde wurden zu zum zur
    zwischen";

pub(super) const HUNGARIAN: &str = "
    a az azt azért aki akik ahol ami amikor amit be csak de egy együtt el én ennek és ez ezt fel ha hanem hogy hogyan hol
    honnan hová igen is itt jól kell ki kicsit kinek kit le lehet lesz ma már majd meg mely melyik mert mi miatt miért
    mikor milyen minden mint mit most nagyon ne nekem neki nélkül nem nincs ő ők őket ott össze pedig sem soha és szerint
    te több tud úgy után utána vagy vagyok vagyunk van vannak velem vele volna volt volt voltak voltam";

pub(super) const ITALIAN: &str = "
    a abbiamo agli ai al alla alle allo anche ancora avere aveva avevo che chi ci ciò col come con cosa così cui da
    dagli dai dal dalla dalle dei degli del della delle dello di dopo dove e è ed era erano essere fa fino fra fu gli
    ha hai hanno ho i il in io la le lei li lo loro lui ma mai me mentre mi mia mie miei mio molto ne nei negli nel
    nella nelle nello no noi non nostra nostro o ogni per perché più poi prima qual quale quali quando quanta quanti
    quanto quella quello questa queste questi questo qui sarà se sei sempre senza si sia siamo sono sta stato stata su
    sua sue sugli sui sul sulla suo suoi te tra tu tua tue tuo tutti tutto un una uno vi voi";

pub(super) const NORWEGIAN: &str = "
    alle alt at av ble bli blir da de deg dem den denne der deres det dette din dine ditt du eller en er et etter for
    fordi fra før få får gikk gjør ha hadde han hans har henne hennes her hos hun hva hvem hver hvilken hvor hvordan
    hvorfor i igjen ikke inn jeg kan kom kunne man med meg meget mellom men min mine mitt mot mye når og også om opp
    oss over på sammen seg selv sin sine sitt skal skulle som så til under ut var ved vi vil ville vår våre være vært";

pub(super) const PORTUGUESE: &str = "
    a à ainda além ao aos aquela aquele às até cada com como da das de dela dele deles depois do dos e é ela elas ele
    eles em entre era eram essa esse esta está estão estava este estou eu foi foram fui há isso isto já lá lhe mais mas
    me mesmo meu meus mim minha minhas muito muita na não nas nem no nós nos nossa nosso num numa nunca o onde os ou para
    pela pelo per por porque qual quais quando quanto quantos que quem são se sem sempre ser seu seus sobre somos sou
    sua suas também te tem têm temos tenho ter teve tinha tive tu tua tudo um uma vai você vocês vou";

pub(super) const ROMANIAN: &str = "
    a acest această acesta acum ai al ale am ar are asta astfel au avea avut că când cât câți căci care ce cea cel cele
    chiar cine cineva cu cui cum da dacă dar de deci decât deja despre din doar după ea ei el ele era erau este eu face
    fără fi fie fost iar îl îi îmi în între își îți la le lor lui mai mea mei mele meu mi mult mea ne nici nimic noastră
    nostru noi nu o or ori pe pentru peste prin sa sale sau se și sunt să său sub tău te tot toate toți tu un una unde
    unei unor unui va voi vom vor";

pub(super) const SPANISH: &str = "
    a al algo ante antes aquel así aún aunque bajo bien cada casi como cómo con cuál cuando cuándo cuánto cuántos de del
    desde después donde dónde dos e el él ella ellas ellos en entre era eran eres es esa ese eso esta está están estaba
    estamos este esto estoy fue fueron fui ha había han has hasta hay he hemos hice hizo la las le les lo los más me mi mí
    mis mucho muy nada ni no nos nosotros nuestra nuestro nunca o os otra otro para pero poco por porque pues que qué
    quién quien se sea según ser si sí sido siempre sin sobre son soy su sus también tan te tenía tengo tiene tienen
    toda todo todos tu tú tus un una uno unos va vez vosotros voy y ya yo";

pub(super) const SWEDISH: &str = "
    aldrig alla allt att av blev bli blir de dem den denna deras dess det detta dig din dina ditt du där efter eller en
    er ett finns för från få får före gick gör ha hade han hans har henne hennes hon honom hos hur här i igen ingen inte
    jag kan kom kunde man med mellan men mig min mina mitt mot mycket ni nu när något några och också om oss på sedan sig
    sin sina sitt själv ska skall skulle som så till under upp ut utan vad var varför varje vem vems vi vid vilken
    vill ville vår våra är över";

pub(super) const TURKISH: &str = "
    ama ancak artık az bana bazı belki ben beni benim bile bir biraz biri birlikte biz bizim bu buna bunu bunun burada çok
    çünkü da daha de değil demek diye en gibi göre hangi hem hep hepsi her hiç için ile ise kadar karşı kendi ki kim kime
    mi mı mu mü nasıl ne neden nerede nereden nereye niçin niye o olan olarak oldu olduğu oluyor ona onlar onu onun orada
    önce sana sen seni senin sizin siz sonra şey şimdi şu tüm ve veya var vardı ya yani yok zaman";

pub(super) const RUSSIAN: &str = "
    а без был была были было быть в вам вас во вот все всё всегда вы где да для до его ее её если есть еще ещё ей за здесь
    и из или им их к как какая какие какой когда кого кому который кто куда ли меня мне мной много мои мой моя моё мы на нам
    нас наш наша не него нее неё нет ни никогда них но ну о об он она они оно от откуда очень по под после почему при про
    с сам свой свои себя сейчас со так там твой тебе тебя то тогда тоже только тот ты у уже чего чей чем что чтобы эта эти
    это этот этого этой я";

pub(super) const GREEK: &str = "
    αλλά αν από απο αυτά αυτή αυτό αυτός για γιατί δεν εγώ είμαι είναι είχα είχε έχει έχω η ήταν θα και κάθε κι με μας μέσα
    μετά μη μην μου να ο οι όταν ότι ου πιο ποια ποιο ποιος ποιός πολύ πόσο πότε που πού πριν προς πως πώς σαν σας σε σου
    στα στη στην στις στο στον στους τα τη την της τι τις το τον του τους των ως";

pub(super) const ARABIC: &str = "
    أن أنا أنت أو أي أين إلى إن التي الذي الى ان أيضا بعد بين ثم حتى عن على عند عندما غير في فيه قبل قد كان كانت كل كما كم
    كيف لا لأن لقد لم لماذا لن له لها لي ليس ما ماذا متى مع من منذ نحن هذا هذه هل هم هنا هناك هو هي و يكون";
