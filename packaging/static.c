/* Linked into the static binary by `release`: host names are looked up in /etc/hosts and by DNS, whatever nsswitch.conf
 * says. The C library would load the machine's own modules for the rest (myhostname, resolve, mdns), and a static program
 * that loads a module of another version of the C library dies. See docs/decisions/0013-packages.md. */
#include <nss.h>

__attribute__((constructor)) static void look_up_names_without_modules(void) {
  __nss_configure_lookup("hosts", "files dns");
}
