import { registry } from "@web/core/registry";

import { choose, goTo, openRow, patient, press, pressInWindow, read } from "./steps";

// Who makes the rules, and who looks whether they were kept.
const tours = registry.category("web_tour.tours");

tours.add("sale_order_control_policies_audit", {
    steps: () => patient([
        ...goTo("The auditor finds every request in the menu", "menu_approval", "menu_approval_all"),
        {
            content: "Chosen lines",
            trigger: ".o_list_view .o_data_row .o_list_record_selector input",
            run: "click",
        },
        read(
            "offer nothing to decide.",
            ".o_control_panel:has(.o_selection_box):not(:has(button[name=action_agree]))"
        ),
        {
            trigger: ".o_list_view .o_data_row .o_list_record_selector input:checked",
            run: "click",
        },
        openRow("The last request", "Controlled Customer", "document_name"),
        read("has no button at all,", ".o_form_view .o_form_statusbar:not(:has(.o_statusbar_buttons button))"),
        {
            content: "and a history",
            trigger: ".o_notebook .nav-link[name=history]",
            run: "click",
        },
        read("of what was returned and why,", "[name=timeline_html]:contains(returned it):contains(The price is missing)"),
        read("recalled,", "[name=timeline_html]:contains(Recalled)"),
        read("void because of a change,", "[name=timeline_html]:contains(quantity)"),
        read("passed on,", "[name=timeline_html]:contains(passed it on to soc_director)"),
        read("agreed to in whose place,", "[name=timeline_html]:contains(Known for years):contains(soc_manager)"),
        read("and ended by the cancellation.", "[name=timeline_html]:contains(The order was cancelled)"),
        press("The order itself", "action_view_document"),
        read("can be read, and not be submitted.", ".o_form_view:has(.o_control_panel):not(:has(button[name=action_submit]))"),
        press("From there all requests", "action_view_approval_requests"),
        read("are found again.", ".o_list_view .o_data_row:contains(Void)"),
    ]),
});

tours.add("sale_order_control_policies_set_up", {
    steps: () => patient([
        ...goTo("A manager sets order control up", "menu_configuration", "menu_sale_control_setup"),
        read("with a proven chain,", ".modal .o_field_widget[name=preset]:contains(Domestic standard)"),
        ...choose("names the sales managers", "sales_manager_ids", "soc_manager"),
        ...choose("and finance,", "finance_ids", "soc_finance"),
        pressInWindow("applies it", "action_apply"),
        read("and sees what was made.", "body:not(:has(.modal)) .o_list_view .o_data_row:nth-child(2)"),
    ]),
});

tours.add("sale_order_control_policies_check_up", {
    steps: () => patient([
        ...goTo("A manager opens the policies", "menu_configuration", "menu_sale_approval_policy"),
        press("and has them checked:", "action_check_up"),
        {
            content: "what is wrong is said, with a way out,",
            trigger: ".o_list_view .o_data_row:contains(ended on) .o_data_cell[name=message]",
            run: "click",
        },
        read("and one click away.", ".o_form_view .o_field_widget[name=name]:has(input), .o_form_view:contains(Old Rule)"),
    ]),
});

tours.add("sale_order_control_policies_simulate", {
    steps: () => patient([
        ...goTo("A manager opens the policies", "menu_configuration", "menu_sale_approval_policy"),
        openRow("opens a draft of a rule", "Stricter", "name"),
        press("and asks what it would do:", "action_simulate"),
        press("for the orders of a period.", "action_run"),
        read("So many orders would be asked about,", "button[name=action_view_lines] .o_stat_value:contains(2)"),
        press("one of them newly,", "action_view_new"),
        read("this one.", ".o_list_view .o_data_row:contains(Controlled Customer):contains(400.00)"),
    ]),
});

tours.add("sale_order_control_policies_retire", {
    steps: () => patient([
        ...goTo("A manager looks at what policies did", "menu_reporting", "menu_approval_policy_review"),
        openRow("opens one that changes nothing,", "released as they were", "name"),
        read("reads the proposal,", ".alert:contains(Retire this rule?)"),
        press("follows it", "action_retire"),
        {
            content: "knowingly,",
            trigger: ".modal footer .btn-primary",
            run: "click",
        },
        read("and the policy rests,", "body:not(:has(.modal)) .ribbon:contains(Archived)"),
        {
            content: "with the reason",
            trigger: ".o_notebook .nav-link[name=review]",
            run: "click",
        },
        read("on record.", ".o_field_widget[name=review_ids] .o_data_row:contains(released as they were)"),
    ]),
});
