/** The languages of the page, as folders of `texts/`, by the first part of a browser's language. */
export const LANGUAGES = { en: 'en-US', de: 'de', fr: 'fr', ja: 'ja', zh: 'zh-CN' };

/**
 * Chooses the first of the browser's languages that the page speaks.
 * @param preferred as `navigator.languages`
 * @returns the folder of the texts, and the locale for numbers and times; English if nothing fits
 */
export function chooseLanguage(preferred = []) {
  for (const locale of preferred) {
    const language = LANGUAGES[locale.toLowerCase().split('-')[0]];
    if (language !== undefined) return { language, locale };
  }
  return { language: LANGUAGES.en, locale: LANGUAGES.en };
}
