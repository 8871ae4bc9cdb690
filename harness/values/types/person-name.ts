import { bitsOf, type ValueRule } from '../rule.js';

export const SURNAMES =
  '赵钱孙李周吴郑王冯陈卫蒋沈韩杨朱秦许何吕施张孔曹严华金魏陶姜谢邹章云苏潘葛范彭鲁韦马方任袁柳唐薛雷贺倪汤罗毕郝安常于傅齐康伍余';
export const COMMON =
  '文明国强军伟芳娜敏静丽艳杰涛超勇平刚桂英华玉兰红霞梅春秋冬雪月星光宇航海江河山林森松柏竹子小大新建学志思家宁健福禄寿喜庆祥';
/** Rare characters of GB 2312 (so that every phone's font has them and GBK holds them), in two lists: the characters of a dictionary word (玳瑁, 璀璨) stand in one list and never meet. */
export const RARE_FIRST =
  '玳瑁璀璨菡萏葳蕤荏苒璎珞黼黻阊阖骐骥昶玮珉琬琰琮瑗瑾璇璐璜璋琏琚珩珏珥珂玷玢瑕晔晗晟昕昱旖昙曦暾暌煜炜烨焱熠煊炀炫炻琛';
export const RARE_SECOND =
  '琨琪瑛瑭瑷璧瓒翊翎翮翥翦聿茕荃荇荞荟莜莼蔺薜蘅蘩谌谡谧谯趸逄邈郗郦鄢鄯酆铄铠铮锃锘锟锴锵锷镝镡隗隽雎霁霏霈靓韪韫韬飒飓馥';

/** A name of four characters, the last two rare: no person, no word. */
export default {
  id: 'person-name',
  bits: bitsOf(SURNAMES.length, COMMON.length, RARE_FIRST.length, RARE_SECOND.length),
  draw: (chance) => [SURNAMES, COMMON, RARE_FIRST, RARE_SECOND].map((list) => chance.text(list, 1)).join(''),
} satisfies ValueRule;
