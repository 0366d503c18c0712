/** Where the editor keeps, for this browser, whether the section was left open. */
const memory = '3cx-advanced-open';

/**
 * Sets up the section of a dialog for what most people never touch. It is open when it was left so, and when something in
 * it is marked: nobody looks for an error in a closed section.
 */
export function prepareAdvanced(form: JQuery): void {
  const section = form.find('.threecx-advanced');
  const isOpen = (): boolean => section.prop('open') === true;
  section.prop('open', RED.settings.getLocal(memory) === 'true');
  section.find('summary').on('click', () => {
    // The click opens or closes it once all listeners were called.
    RED.settings.setLocal(memory, String(!isOpen()));
  });
  section.on('toggle', () => {
    RED.tray.resize();
  });
  const openWhenMarked = (): void => {
    if (section.find('.input-error').length > 0) section.prop('open', true);
  };
  // The editor marks fields once the dialog is set up, and after each change.
  setTimeout(openWhenMarked);
  form.on('change', () => setTimeout(openWhenMarked));
}
