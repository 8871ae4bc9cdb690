// Generated from the folder; `JIEJING_GOLDEN=write npx vitest run test/reports/law.test.ts` writes it again.
import i_adminev from './adminev.json' with { type: 'json' };
import i_apl from './apl.json' with { type: 'json' };
import i_atf_29 from './atf-29.json' with { type: 'json' };
import i_cac_191 from './cac-191.json' with { type: 'json' };
import i_cac_draft_2026 from './cac-draft-2026.json' with { type: 'json' };
import i_cacproc from './cacproc.json' with { type: 'json' };
import i_cba_2026_collect from './cba-2026-collect.json' with { type: 'json' };
import i_cbirc_2020_86 from './cbirc-2020-86.json' with { type: 'json' };
import i_cbirc_9 from './cbirc-9.json' with { type: 'json' };
import i_cbm from './cbm.json' with { type: 'json' };
import i_civev from './civev.json' with { type: 'json' };
import i_civil from './civil.json' with { type: 'json' };
import i_cl from './cl.json' with { type: 'json' };
import i_cpl_29 from './cpl-29.json' with { type: 'json' };
import i_cq_2024_guide from './cq-2024-guide.json' with { type: 'json' };
import i_csl from './csl.json' with { type: 'json' };
import i_csl2016 from './csl2016.json' with { type: 'json' };
import i_dsl from './dsl.json' with { type: 'json' };
import i_ed2016_14 from './ed2016-14.json' with { type: 'json' };
import i_esign from './esign.json' with { type: 'json' };
import i_face_2025 from './face-2025.json' with { type: 'json' };
import i_gat756 from './gat756.json' with { type: 'json' };
import i_gbt35273 from './gbt35273.json' with { type: 'json' };
import i_gbt41391 from './gbt41391.json' with { type: 'json' };
import i_gbt45251 from './gbt45251.json' with { type: 'json' };
import i_icourt_11 from './icourt-11.json' with { type: 'json' };
import i_iso27037 from './iso27037.json' with { type: 'json' };
import i_jrt0171 from './jrt0171.json' with { type: 'json' };
import i_miit_164 from './miit-164.json' with { type: 'json' };
import i_miit_24 from './miit-24.json' with { type: 'json' };
import i_miit_26 from './miit-26.json' with { type: 'json' };
import i_miit_292_2 from './miit-292-2.json' with { type: 'json' };
import i_miit_337 from './miit-337.json' with { type: 'json' };
import i_mps_ed from './mps-ed.json' with { type: 'json' };
import i_mpscrim from './mpscrim.json' with { type: 'json' };
import i_nds from './nds.json' with { type: 'json' };
import i_necessity from './necessity.json' with { type: 'json' };
import i_nfra_2025_9 from './nfra-2025-9.json' with { type: 'json' };
import i_nfra_2026_cost from './nfra-2026-cost.json' with { type: 'json' };
import i_olr from './olr.json' with { type: 'json' };
import i_pboc_2021_direct from './pboc-2021-direct.json' with { type: 'json' };
import i_pica from './pica.json' with { type: 'json' };
import i_pipl from './pipl.json' with { type: 'json' };
import i_samr_73_11 from './samr-73-11.json' with { type: 'json' };
import i_samr_ed_3 from './samr-ed-3.json' with { type: 'json' };
import i_spc_face from './spc-face.json' with { type: 'json' };
import i_spc_pi_crim from './spc-pi-crim.json' with { type: 'json' };
import i_spp_cyber from './spp-cyber.json' with { type: 'json' };
import i_tc260_2019_loan from './tc260-2019-loan.json' with { type: 'json' };
import i_tc260_20202a from './tc260-20202a.json' with { type: 'json' };
import i_tc260_20244a from './tc260-20244a.json' with { type: 'json' };
import i_tc260_perm from './tc260-perm.json' with { type: 'json' };

/** The rows of every instrument in this folder, one list a file. */
export const INSTRUMENTS: readonly (readonly object[])[] = [
  i_adminev,
  i_apl,
  i_atf_29,
  i_cac_191,
  i_cac_draft_2026,
  i_cacproc,
  i_cba_2026_collect,
  i_cbirc_2020_86,
  i_cbirc_9,
  i_cbm,
  i_civev,
  i_civil,
  i_cl,
  i_cpl_29,
  i_cq_2024_guide,
  i_csl,
  i_csl2016,
  i_dsl,
  i_ed2016_14,
  i_esign,
  i_face_2025,
  i_gat756,
  i_gbt35273,
  i_gbt41391,
  i_gbt45251,
  i_icourt_11,
  i_iso27037,
  i_jrt0171,
  i_miit_164,
  i_miit_24,
  i_miit_26,
  i_miit_292_2,
  i_miit_337,
  i_mps_ed,
  i_mpscrim,
  i_nds,
  i_necessity,
  i_nfra_2025_9,
  i_nfra_2026_cost,
  i_olr,
  i_pboc_2021_direct,
  i_pica,
  i_pipl,
  i_samr_73_11,
  i_samr_ed_3,
  i_spc_face,
  i_spc_pi_crim,
  i_spp_cyber,
  i_tc260_2019_loan,
  i_tc260_20202a,
  i_tc260_20244a,
  i_tc260_perm,
];
