import { registry } from "@web/core/registry";
import { ListController } from "@web/views/list/list_controller";
import { listView } from "@web/views/list/list_view";

/** Says with every button which terms the list shows: what changed meanwhile is not agreed to unseen. */
export class ApprovalListController extends ListController {
    async beforeExecuteActionButton(clickParams) {
        const { selection } = this.model.root;
        if (selection.length) {
            const shown = selection.map((record) => [record.resId, record.data.digest || ""]);
            clickParams.buttonContext = {
                ...clickParams.buttonContext,
                approval_seen: Object.fromEntries(shown),
            };
        }
        return super.beforeExecuteActionButton(clickParams);
    }
}

registry.category("views").add("sale_order_control_approval_list", {
    ...listView,
    Controller: ApprovalListController,
});
