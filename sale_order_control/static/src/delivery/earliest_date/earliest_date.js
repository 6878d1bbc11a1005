import { formatDate } from "@web/core/l10n/dates";
import { patch } from "@web/core/utils/patch";
import { QtyAtDatePopover } from "@sale_stock/widgets/qty_at_date_widget";

/** Odoo's availability popover also says the earliest safe date of the quantity typed, how sure it is, and why. */
patch(QtyAtDatePopover.prototype, {
    get earliestDate() {
        const date = this.props.record.data.earliest_date;
        return date ? formatDate(date) : "";
    },
});
