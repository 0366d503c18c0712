/** The key under which the browser remembers whether the section is open. */
const memory = '3cx-advanced-open';

/**
 * Sets up the section with the settings that most people never change. It opens when it was left open, and when a field
 * in it is marked as wrong, since nobody looks for an error in a closed section.
 */
export function prepareAdvanced(form: JQuery): void {
  const section = form.find('.threecx-advanced');
  const isOpen = (): boolean => section.prop('open') === true;
  section.prop('open', RED.settings.getLocal(memory) === 'true');
  section.find('summary').on('click', () => {
    // The click opens or closes the section after all listeners have run.
    RED.settings.setLocal(memory, String(!isOpen()));
  });
  section.on('toggle', () => {
    RED.tray.resize();
  });
  const openWhenMarked = (): void => {
    if (section.find('.input-error').length > 0) section.prop('open', true);
  };
  // The editor marks fields after it has set up the dialog, and after each change.
  setTimeout(openWhenMarked);
  form.on('change', () => setTimeout(openWhenMarked));
}
