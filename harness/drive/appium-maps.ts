/**
 * `mobile:` commands and old routes that the virtual handset offers. Names and parameters are those of
 * appium-uiautomator2-driver 8 (lib/execute-method-map.ts, https://github.com/appium/appium-uiautomator2-driver) and
 * appium-android-driver 14 (lib/method-map.ts); what is not listed is answered by base-driver as an unknown command.
 */
export const executeMethodMap = {
  'mobile: clickGesture': { command: 'mobileClickGesture', params: { optional: ['elementId', 'x', 'y'] } },
  'mobile: longClickGesture': { command: 'mobileLongClickGesture', params: { optional: ['elementId', 'x', 'y', 'duration'] } },
  'mobile: swipeGesture': {
    command: 'mobileSwipeGesture',
    params: { required: ['direction', 'percent'], optional: ['elementId', 'left', 'top', 'width', 'height', 'speed'] },
  },
  'mobile: scrollGesture': {
    command: 'mobileScrollGesture',
    params: { required: ['direction', 'percent'], optional: ['elementId', 'left', 'top', 'width', 'height', 'speed'] },
  },
  'mobile: acceptAlert': { command: 'mobileAcceptAlert', params: { optional: ['buttonLabel'] } },
  'mobile: dismissAlert': { command: 'mobileDismissAlert', params: { optional: ['buttonLabel'] } },
  'mobile: deviceInfo': { command: 'mobileGetDeviceInfo' },
  'mobile: type': { command: 'mobileType', params: { required: ['text'] } },
  'mobile: replaceElementValue': { command: 'mobileReplaceElementValue', params: { required: ['elementId', 'text'] } },
  'mobile: getCurrentActivity': { command: 'getCurrentActivity' },
  'mobile: getCurrentPackage': { command: 'getCurrentPackage' },
  'mobile: hideKeyboard': { command: 'hideKeyboard' },
  'mobile: isKeyboardShown': { command: 'isKeyboardShown' },
  'mobile: pressKey': { command: 'mobilePressKey', params: { required: ['keycode'], optional: ['metastate', 'flags', 'isLongPress'] } },
} as const;

export const newMethodMap = {
  '/session/:sessionId/context': {
    GET: { command: 'getCurrentContext', deprecated: true },
    POST: { command: 'setContext', payloadParams: { required: ['name'] }, deprecated: true },
  },
  '/session/:sessionId/contexts': { GET: { command: 'getContexts', deprecated: true } },
  '/session/:sessionId/orientation': { GET: { command: 'getOrientation', deprecated: true } },
  '/session/:sessionId/window/:windowhandle/size': { GET: { command: 'getWindowSize', deprecated: true } },
  '/session/:sessionId/appium/device/press_keycode': {
    POST: { command: 'pressKeyCode', payloadParams: { required: ['keycode'], optional: ['metastate', 'flags'] }, deprecated: true },
  },
  '/session/:sessionId/appium/device/current_activity': { GET: { command: 'getCurrentActivity', deprecated: true } },
  '/session/:sessionId/appium/device/current_package': { GET: { command: 'getCurrentPackage', deprecated: true } },
} as const;
