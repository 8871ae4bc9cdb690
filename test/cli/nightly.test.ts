import { SaxesParser } from 'saxes';
