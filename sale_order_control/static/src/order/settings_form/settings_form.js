import { registry } from "@web/core/registry";
import { formView } from "@web/views/form/form_view";

/**
 * The switches of the controls count when somebody presses Apply: as on Odoo's settings page, a window that is closed or
 * left with a changed switch changes nothing.
 */
class ControlSettingsController extends formView.Controller {
    beforeUnload() {}

    beforeVisibilityChange() {}
}

registry.category("views").add("sale_order_control_settings", {
    ...formView,
    Controller: ControlSettingsController,
});
