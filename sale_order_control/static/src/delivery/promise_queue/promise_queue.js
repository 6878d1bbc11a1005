import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";

/** How many lines wait for what: each figure filters the list. */
export class PromiseQueueCounters extends Component {
    static template = "sale_order_control.PromiseQueueCounters";
    static props = { list: { type: Object, optional: true } };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ counters: [] });
        onWillStart(() => this.load());
        onWillUpdateProps(() => this.load());
    }

    async load() {
        this.state.counters = await this.orm.call("sale.order.line", "get_promise_counters", []);
    }

    /** Show these lines only. */
    show(filter) {
        const searchModel = this.env.searchModel;
        const [item] = searchModel.getSearchItems((searchItem) => searchItem.name === filter);
        if (item) {
            searchModel.query = [];
            searchModel.toggleSearchItem(item.id);
        }
    }
}

export class PromiseQueueRenderer extends ListRenderer {
    static template = "sale_order_control.PromiseQueueRenderer";
    static components = { ...ListRenderer.components, PromiseQueueCounters };
}

export class PromiseQueueController extends ListController {
    static template = "sale_order_control.PromiseQueueListView";

    setup() {
        super.setup();
        onWillStart(async () => {
            this.isPlanner = await user.hasGroup("sale_order_control.group_delivery_planner");
        });
        useHotkey("control+enter", () => this.acceptProposals(), {
            bypassEditableProtection: true,
            isAvailable: () => this.isPlanner,
        });
    }

    /** Promise what is selected, or else everything the list shows. */
    async acceptProposals() {
        const selected = await this.model.root.getResIds(true);
        const domain = selected.length ? [["id", "in", selected]] : this.model.root.domain;
        const result = await this.orm.call("sale.order.line", "action_accept_proposals", [domain]);
        await this.actionService.doAction(result);
        await this.model.load();
    }
}

registry.category("views").add("sale_order_control_promise_queue", {
    ...listView,
    Controller: PromiseQueueController,
    Renderer: PromiseQueueRenderer,
});
