"""Pictures of shortages: 30 desk stands are there, 40 come in nine days, and somebody wants 50 in four."""

from datetime import date, timedelta


def day(number):
    return str(date.today() + timedelta(days=number))


def stocked_product(studio, name, quantity):
    """Id of a product of which so much is on the shelf; made once."""
    found = studio.call("product.product", "search", [("name", "=", name)], limit=1)
    if found:
        return found[0], False
    [product] = studio.call("product.product", "create", [{
        "name": name, "type": "consu", "is_storable": True, "list_price": 120.0, "standard_price": 70.0,
        "taxes_id": [[6, 0, []]],
    }])
    [quant] = studio.call("stock.quant", "create", [{
        "product_id": product, "location_id": warehouse(studio)["lot_stock_id"][0], "inventory_quantity": quantity,
    }])
    studio.call("stock.quant", "action_apply_inventory", [quant])
    return product, True


def warehouse(studio):
    [found] = studio.call("stock.warehouse", "search", [], limit=1)
    return studio.call("stock.warehouse", "read", [found], ["lot_stock_id", "in_type_id"])[0]


def expect(studio, product, quantity, days):
    """A supplier sends a quantity in so many days."""
    store, supplier = warehouse(studio), studio.record_id("stock.stock_location_suppliers")
    place = {"location_id": supplier, "location_dest_id": store["lot_stock_id"][0]}
    moment = f"{day(days)} 12:00:00"
    [picking] = studio.call("stock.picking", "create", [{
        **place, "picking_type_id": store["in_type_id"][0], "scheduled_date": moment, "origin": "P00077",
        "move_ids": [[0, 0, {"product_id": product, "product_uom_qty": quantity, "date": moment, **place}]],
    }])
    studio.call("stock.picking", "action_confirm", [picking])


def desk_stands(studio):
    """Id of the product that is short, with a substitute."""
    studio.login("admin")
    product, is_new = stocked_product(studio, "Desk Stand", 30)
    substitute, _new = stocked_product(studio, "Desk Stand Oak", 100)
    if is_new:
        expect(studio, product, 40, 9)
        studio.call("sale.product.substitute", "create", [{
            "product_id": product, "substitute_id": substitute, "comparison": "Same size, oak instead of beech.",
        }])
    return product


def shortage(studio):
    """The salesperson opens the ways out of a shortage while quoting."""
    product = desk_stands(studio)
    studio.login("sales")
    [partner] = studio.call("res.partner", "search", [("name", "=", "Brightwood Interiors")], limit=1)
    order = studio.call("sale.order", "create", {
        "partner_id": partner, "requested_date": day(4),
        "control_source_id": studio.record_id("sale_order_control.source_email"),
        "order_line": [[0, 0, {"product_id": product, "product_uom_qty": 50}]],
    })
    studio.open(f"/odoo/sales/{order}")
    studio.wait_for("button[name=action_resolve_shortage]")
    studio.click("button[name=action_resolve_shortage]")
    studio.wait_for(".modal .o_control_shortage")


SHORTAGE_SCENES = {"shortage": shortage}
