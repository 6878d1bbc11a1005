import { registry } from "@web/core/registry";

import { gear, goTo, openRow, patient, press, read, write } from "./steps";

// Money back, contracts and deliveries: who asks, who decides and who does it, each with their own rights only.
const tours = registry.category("web_tour.tours");

tours.add("sale_order_control_refund_ask", {
    steps: () => patient([
        ...gear("The salesperson asks from the order that was paid", "Ask for a Refund"),
        read("and reads what can be paid back.", ".o_field_widget[name=refundable_amount]:contains(1,000.00)"),
        write("So much,", "amount", "300"),
        write("and why.", "reason", "Three desks fewer"),
        press("It is submitted", "action_submit"),
        read("and waits,", ".o_arrow_button_current:contains(Waiting)"),
        read("for a person with a name.", ".o_field_widget[name=approval_summary]:contains(soc_manager)"),
    ]),
});

tours.add("sale_order_control_refund_agree", {
    steps: () => patient([
        openRow("The approver opens what waits", "Controlled Customer", "document_name"),
        read("reads amount", ".o_form_view:contains(300.00)"),
        read("and reason", ".o_form_view:contains(Three desks fewer)"),
        press("and agrees.", "action_agree"),
        read("There is nothing left to decide.", ".o_form_view:not(:has(button[name=action_agree]))"),
    ]),
});

tours.add("sale_order_control_refund_pay", {
    steps: () => patient([
        ...goTo("Who pays finds it in the menu", "menu_approval", "menu_approval_refund"),
        openRow("as something to pay,", "To Pay", "name"),
        read("reads why,", ".o_field_widget[name=reason]:contains(Three desks fewer)"),
        press("and records the payment.", "action_pay"),
        read("It is prepared: whom,", ".o_field_widget[name=partner_id] input:value(Controlled Customer)"),
        read("how much and for what.", ".o_field_widget[name=memo] input:value(Refund)"),
        press("The bank is told with Odoo's own button.", "action_post"),
        read("The payment is posted.", ".o_form_view:not(:has(button[name=action_post]))"),
        {
            content: "Back on the request",
            trigger: ".o_back_button a, .breadcrumb-item:last a",
            run: "click",
        },
        read("nothing is left to pay.", ".o_form_view:not(:has(button[name=action_pay])):contains(Payment Recorded)"),
    ]),
});

tours.add("sale_order_control_contract_verify", {
    steps: () => patient([
        ...goTo("A second person finds the contract in the menu", "menu_approval", "menu_approval_contract"),
        openRow("opens what nobody has verified yet,", "Controlled Customer", "name"),
        read("sees the signed file,", ".o_field_widget[name=attachment_ids]:contains(Signed.pdf)"),
        read("that the order is the same,", ".o_form_view:not(:has(.alert-warning))"),
        press("and says so.", "action_verify"),
        read("It is verified.", ".o_arrow_button_current:contains(Verified)"),
    ]),
});

tours.add("sale_order_control_transfer_submit", {
    steps: () => patient([
        openRow("The warehouse opens the delivery", "Controlled Customer", "name"),
        read("and reads that it waits for an approval,", ".alert:contains(These goods cannot leave yet)"),
        press("tries all the same,", "button_validate"),
        read("is told why not,", ".modal:contains(The goods may not leave)"),
        {
            trigger: ".modal footer button",
            run: "click",
        },
        press("and asks.", "action_submit"),
        read("It says who decides.", ".o_field_widget[name=approval_summary]:contains(soc_director)"),
    ]),
});

tours.add("sale_order_control_transfer_agree", {
    steps: () => patient([
        openRow("The approver opens what waits", "Controlled Customer", "document_name"),
        read("reads which goods", ".o_form_view:contains(Controlled Product):contains(10 Units)"),
        read("go where,", ".o_form_view:contains(Main Street)"),
        press("and lets them go.", "action_agree"),
        read("There is nothing left to decide.", ".o_form_view:not(:has(button[name=action_agree]))"),
    ]),
});

tours.add("sale_order_control_transfer_ship", {
    steps: () => patient([
        openRow("The warehouse opens the delivery again", "Controlled Customer", "name"),
        read("which nothing holds any more,", ".o_form_view:not(:contains(These goods cannot leave yet))"),
        press("and ships it.", "button_validate"),
        read("It is done.", ".o_arrow_button_current:contains(Done)"),
    ]),
});
