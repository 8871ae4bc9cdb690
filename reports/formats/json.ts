import type { ReportFormat } from '../format.js';

export default {
  id: 'json',
  fileName: 'report.json',
  render: ({ report }) => `${JSON.stringify(report, null, 2)}\n`,
} satisfies ReportFormat;
