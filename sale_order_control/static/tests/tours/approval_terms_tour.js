import { registry } from "@web/core/registry";

import { openRow, patient, press, pressInWindow, read, write } from "./steps";

// Terms that are changed instead of sent back, by an approver who may and by the salesperson before submitting.
const tours = registry.category("web_tour.tours");

tours.add("sale_order_control_terms_change", {
    steps: () => patient([
        openRow("The approver opens what waits", "Controlled Customer", "document_name"),
        read("reads that the discount is too high,", ".o_form_view .alert:contains(discount of 20.00 %)"),
        {
            content: "and lowers it instead of sending the order back:",
            trigger: ".o_statusbar_buttons button:contains(Change Terms)",
            run: "click",
        },
        read("what follows is said before,", ".modal:contains(Worse terms are agreed to again)"),
        {
            content: "the line is there, without any right on orders,",
            trigger: ".modal .o_data_row:contains(Controlled Product) td[name=discount]",
            run: "click",
        },
        {
            trigger: ".modal .o_selected_row .o_field_widget[name=discount] input",
            run: "edit 10",
        },
        write("with a reason.", "comment", "Ten is what others get"),
        pressInWindow("It is changed,", "action_apply"),
        {
            content: "on record,",
            trigger: "body:not(:has(.modal)) .o_notebook .nav-link[name=changes]",
            run: "click",
        },
        read("before and after,", ".o_data_row:contains(20.00):contains(10.00):contains(Ten is what others get)"),
        press("and agreed to as it is now.", "action_agree"),
        read("There is nothing left to decide.", ".o_form_view:not(:has(button[name=action_agree]))"),
    ]),
});

tours.add("sale_order_control_terms_told", {
    steps: () => patient([
        read("The salesperson finds the order confirmed", ".o_arrow_button_current:contains(Sales Order)"),
        read("at the terms the approver chose.", ".o_data_row:contains(Controlled Product):contains(900.00)"),
    ]),
});

tours.add("sale_order_control_terms_pass", {
    steps: () => patient([
        read(
            "The salesperson reads what stands in the way",
            ".o_control_section[data-area=approval] .o_control_issue:contains(discount of 20.00 %)"
        ),
        press("and asks for the way out:", "action_make_it_pass"),
        read("the smallest change is ticked,", ".modal .o_data_row:contains(12.5):has(input:checked)"),
        read("with it nothing is left,", ".modal .alert-success:contains(nothing stands in the way)"),
        pressInWindow("one click makes it,", "action_apply"),
        read("the panel agrees,", "body:not(:has(.modal)) .o_control_panel:not(:has(.o_control_issue))"),
        press("and Submit confirms the order at once.", "action_submit"),
        read("Nobody was asked.", ".o_arrow_button_current:contains(Sales Order)"),
    ]),
});
