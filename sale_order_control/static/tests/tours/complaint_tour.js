import { registry } from "@web/core/registry";

import { choose, goTo, patient, read, write } from "./steps";

// From the phone call to the picture of the causes: the handler, then who answers for the figures.
const tours = registry.category("web_tour.tours");

const inWindow = (step) => ({ ...step, trigger: `.modal ${step.trigger}` });

const press = (content, name, state) => [
    {
        content,
        trigger: `.o_statusbar_buttons button[name=${name}]:enabled`,
        run: "click",
    },
    {
        trigger: `.o_statusbar_status .o_arrow_button_current:contains(${state})`,
    },
];

const pick = (content, field, choice) => [
    {
        content,
        trigger: `.o_field_widget[name=${field}] input`,
        run: "click",
    },
    {
        trigger: `.o_select_menu_item:contains(${choice})`,
        run: "click",
    },
];

tours.add("sale_order_control_complaint_handle", {
    steps: () => patient([
        ...goTo("The handler records what a customer says on the phone", "menu_complaint", "menu_complaint_entry"),
        ...choose("about an order", "order_id", "S").map(inWindow).slice(0, 1),
        {
            trigger: ".o-autocomplete--dropdown-menu li:first-child a:contains(S)",
            run: "click",
        },
        read("whose customer is known,", ".modal .o_field_widget[name=order_line_id] input"),
        inWindow(write("in the customer's words", "description", "Two of ten arrived scratched")),
        inWindow(write("and how many.", "quantity", "2")),
        {
            trigger: ".modal footer button[name=action_record]:enabled",
            run: "click",
        },
        read("It has a number.", ".o_form_view .o_field_widget[name=name]:contains(CP/)"),
        ...choose("The handler says what it is about,", "category_id", "Defective on arrival"),
        ...press("acknowledges it", "action_acknowledge", "Acknowledged"),
        ...press("and looks for the cause.", "action_investigate", "Investigating"),
        {
            content: "What was found is written down:",
            trigger: ".o_notebook .nav-link[name=cause]",
            run: "click",
        },
        ...pick("who is right,", "justified", "Partly Justified"),
        ...choose("why it happened,", "cause_id", "Fault of the supplier"),
        ...pick("who answers for it,", "responsible_party", "Supplier"),
        ...choose("by name,", "responsible_partner_id", "Controlled Supplier"),
        write("and what the customer is told.", "answer", "The supplier sends two new ones"),
        ...press("Then it is closed.", "action_close", "Closed"),
    ]),
});

tours.add("sale_order_control_complaint_pareto", {
    steps: () => patient([
        ...goTo("The manager asks which causes make most complaints", "menu_complaint", "menu_complaint_report"),
        {
            content: "and sees them in order of their number, with the share they make together.",
            trigger: ".o_graph_renderer canvas",
            run({ anchor }) {
                const [bars, line] = window.Chart.getChart(anchor).data.datasets;
                const falling = bars.data.every((value, index) => !index || value <= bars.data[index - 1]);
                const rising = line.data.every((value, index) => !index || value >= line.data[index - 1]);
                if (!falling || !rising || Math.round(line.data.at(-1)) !== 100 || line.yAxisID !== "together") {
                    throw new Error(`This is no Pareto: ${bars.data} with ${line.data}`);
                }
            },
        },
        {
            content: "The lines behind the picture",
            trigger: ".o_switch_view.o_list",
            run: "click",
        },
        read(
            "lead to the complaints.",
            ".o_list_view .o_data_row:contains(Controlled Customer):contains(Fault of the supplier)"
        ),
    ]),
});
