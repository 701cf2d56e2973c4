//! Prompts as different customers write them, in English and Chinese: each theme is a few lists whose words go together.

use super::dice::Dice;

/// What a customer makes videos of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Theme {
    Advertising,
    Drama,
    Homeware,
    Lessons,
    Shop,
    Games,
}

struct Lists {
    subjects: &'static [&'static str],
    doings: &'static [&'static str],
    places: &'static [&'static str],
    looks: &'static [&'static str],
    is_chinese: bool,
}

const ADVERTISING: Lists = Lists {
    subjects: &[
        "A runner in white trainers",
        "A barista with rolled-up sleeves",
        "A silver electric car",
        "A cyclist with a courier bag",
        "A family around a breakfast table",
        "A bottle of sparkling water",
        "Two friends sharing headphones",
        "A woman in a yellow raincoat",
        "A skateboarder in a green hoodie",
        "A wristwatch with a blue dial",
        "A golden retriever",
        "A mountain guide with a red rope",
    ],
    doings: &[
        "turns towards the camera and smiles",
        "moves through the frame from left to right",
        "stops, looks up and breathes out",
        "catches the first light of the day",
        "is seen from directly above",
        "appears out of the steam",
        "crosses the street in slow motion",
        "is reflected in a shop window",
        "waits for a moment, then sets off",
    ],
    places: &[
        "on an empty bridge at sunrise",
        "in a small café with tiled walls",
        "on a coastal road",
        "in a bright loft kitchen",
        "in a city square after rain",
        "on a rooftop at dusk",
        "under the arches of a market hall",
        "beside an alpine lake",
    ],
    looks: &[
        "shallow focus, 50 mm",
        "slow dolly in, warm grade",
        "handheld, natural light",
        "locked-off shot, clean background",
        "drone shot, golden hour",
        "high-key studio light",
        "film grain, muted colours",
        "tracking shot at eye level",
    ],
    is_chinese: false,
};

const DRAMA: Lists = Lists {
    subjects: &[
        "身穿青色长衫的书生",
        "撑着油纸伞的女子",
        "骑白马的少年将军",
        "白发苍苍的老渔夫",
        "提着灯笼的小女孩",
        "戴斗笠的剑客",
        "抚琴的乐师",
        "穿旗袍的女教师",
        "卖糖葫芦的老人",
        "披着红色斗篷的公主",
    ],
    doings: &[
        "缓缓转身望向远方",
        "独自走过石板路",
        "在雨中停下脚步",
        "轻轻推开木门",
        "抬头看见漫天飞雪",
        "放飞一盏孔明灯",
        "与故人擦肩而过",
        "在月光下展开一封信",
    ],
    places: &[
        "江南水乡的清晨",
        "大雪覆盖的古城墙下",
        "烟雨朦胧的西湖边",
        "灯火通明的长街",
        "云雾缭绕的山间小道",
        "落叶满地的庭院",
        "民国时期的老火车站",
        "秋天的竹林深处",
    ],
    looks: &[
        "电影感，浅景深",
        "长镜头缓慢推进",
        "低饱和冷色调",
        "逆光剪影，暖色",
        "航拍俯视",
        "手持跟拍，自然光",
        "水墨风格",
        "特写，柔和侧光",
    ],
    is_chinese: true,
};

const HOMEWARE: Lists = Lists {
    subjects: &[
        "A hand-poured soy candle",
        "An oak side table",
        "A linen duvet cover in sage",
        "A stoneware mug with a speckled glaze",
        "A brass reading lamp",
        "A woven seagrass basket",
        "A set of olive wood spoons",
        "A wool throw with fringes",
        "A round mirror in a walnut frame",
        "A ribbed glass vase with dried flowers",
    ],
    doings: &[
        "turns slowly on a plinth",
        "is placed by two hands and left standing",
        "is lit by a beam of light that wanders across it",
        "is shown from three sides in one movement",
        "comes into focus behind a curtain that moves",
        "stands still while the light changes from morning to evening",
    ],
    places: &[
        "on a pale plaster background",
        "in a quiet bedroom",
        "on a marble worktop",
        "beside a window with frost",
        "on a shelf with books",
        "in a sunlit hallway",
        "on a picnic blanket",
    ],
    looks: &[
        "square crop, soft shadows",
        "macro detail of the material",
        "catalogue light, no people",
        "slow orbit",
        "top-down shot",
        "warm evening light",
        "neutral grey grade",
    ],
    is_chinese: false,
};

const LESSONS: Lists = Lists {
    subjects: &[
        "A drop of water",
        "The inside of a volcano",
        "A Roman aqueduct",
        "A red blood cell",
        "A steam engine's piston",
        "The moons of Jupiter",
        "A caterpillar",
        "A glacier",
        "A Viking longship",
        "A bee on a clover flower",
        "The printing press of Gutenberg",
        "A coral reef",
    ],
    doings: &[
        "is shown in cross-section, with the parts moving",
        "grows over the course of a season",
        "is drawn line by line as on a blackboard",
        "moves at a tenth of its real speed",
        "is compared in size with a human hand",
        "is taken apart and put together again",
    ],
    places: &[
        "on a plain white background",
        "in its natural surroundings",
        "on an old parchment map",
        "seen from space",
        "in a child's sketchbook",
        "in a laboratory",
    ],
    looks: &[
        "flat illustration, bright colours",
        "clean 3D rendering",
        "documentary style",
        "paper cut-out animation",
        "watercolour",
        "no text, no labels",
    ],
    is_chinese: false,
};

const SHOP: Lists = Lists {
    subjects: &[
        "一支哑光口红",
        "一双轻便跑鞋",
        "一台便携榨汁机",
        "一款真丝丝巾",
        "一套露营餐具",
        "一罐手工辣椒酱",
        "一副蓝牙耳机",
        "一件羽绒服",
        "一把智能牙刷",
        "一盒新鲜草莓",
    ],
    doings: &["在转台上缓慢旋转", "被一只手轻轻拿起", "从水花中跃出", "在阳光下展示细节", "与模特一起出镜", "拆箱全过程", "前后效果对比"],
    places: &["简洁的纯色背景前", "温馨的家居客厅里", "热闹的夜市摊位上", "清晨的公园长椅旁", "现代感的厨房台面上", "海边沙滩上"],
    looks: &["竖屏构图，明亮", "微距特写", "快节奏剪辑风格", "柔光，高级感", "第一人称视角", "卡点转场"],
    is_chinese: true,
};

const GAMES: Lists = Lists {
    subjects: &[
        "A tiny rusty robot",
        "A knight made of cardboard",
        "A frog wizard",
        "A submarine shaped like a teapot",
        "A dragon the size of a cat",
        "A crew of mushroom pirates",
        "A lonely lighthouse keeper",
        "A ghost on roller skates",
    ],
    doings: &[
        "tiptoes past a sleeping giant",
        "discovers a door that was not there before",
        "loses a duel and bows",
        "builds a bridge out of spoons",
        "falls upwards",
        "trades a secret for a lantern",
        "waves goodbye to its own shadow",
    ],
    places: &[
        "in a junkyard at night",
        "inside a grandfather clock",
        "on a floating island",
        "in a library under the sea",
        "in a candlelit dungeon",
        "on the back of a whale",
    ],
    looks: &[
        "pixel art, 16 colours",
        "stop-motion clay",
        "hand-painted backgrounds, parallax",
        "low-poly, soft light",
        "comic-book ink",
        "isometric view, looping",
    ],
    is_chinese: false,
};

/// A prompt of the theme.
pub fn prompt(theme: Theme, dice: &mut Dice) -> String {
    let lists = match theme {
        Theme::Advertising => &ADVERTISING,
        Theme::Drama => &DRAMA,
        Theme::Homeware => &HOMEWARE,
        Theme::Lessons => &LESSONS,
        Theme::Shop => &SHOP,
        Theme::Games => &GAMES,
    };
    let (subject, doing) = (dice.pick(lists.subjects), dice.pick(lists.doings));
    let (place, look) = (dice.pick(lists.places), dice.pick(lists.looks));
    if lists.is_chinese { format!("{place}，{subject}{doing}，{look}。") } else { format!("{subject} {doing} {place}, {look}.") }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn prompts_vary_and_repeat_with_the_seed() {
        for theme in [Theme::Advertising, Theme::Drama, Theme::Homeware, Theme::Lessons, Theme::Shop, Theme::Games] {
            let told = |seed| {
                let mut dice = Dice::new(seed);
                (0..200).map(|_| prompt(theme, &mut dice)).collect::<Vec<_>>()
            };
            assert_eq!(told(1), told(1));
            let distinct: HashSet<String> = told(1).into_iter().collect();
            assert!(distinct.len() > 150, "{theme:?}: {} of 200", distinct.len());
        }
    }
}
